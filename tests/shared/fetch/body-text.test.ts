import { BodyTextStream, bodyText, bodyTextInTurns, textOrBinary } from "#shared/fetch/body-text.ts";
import { longestTurnAtBest } from "../../testkit/longest-turn.ts";
import { isJsonType, pageInstead, readMediaType } from "#shared/fetch/media-type.ts";

const json = '{"a":"caf\u00e9 \u{1f600}"}';
const utf16be = Buffer.from(json, "utf16le").swap16();
const marked = (mark: number[], body: Uint8Array) => Buffer.concat([Buffer.from(mark), body]);
const latin = Buffer.from('{"a":"caf\u00e9"}', "latin1");

describe("a body as text", () => {
  it.each<[string | undefined, Uint8Array, string]>([
    [undefined, Buffer.from(json), json],
    ["application/json", Buffer.from(json), json],
    ["application/json; charset=utf8mb4", Buffer.from(json), json],
    ["application/json; charset=none", Buffer.from(json), json],
    ["application/json; charset=", Buffer.from(json), json],
    ["application/json; charset=iso-2022-kr", Buffer.from(json), json],
    ["application/json; charset=constructor", Buffer.from(json), json],
    ['application/json; Charset="UTF-8"', Buffer.from(json), json],
    ["application/json; charset='utf-8'", Buffer.from(json), json],
    ["application/json", marked([0xef, 0xbb, 0xbf], Buffer.from(json)), json],
    ["application/json; charset=iso-8859-1", marked([0xef, 0xbb, 0xbf], Buffer.from(json)), json],
    ["application/json", marked([0xff, 0xfe], Buffer.from(json, "utf16le")), json],
    ["text/plain; charset=utf-8", marked([0xfe, 0xff], utf16be), json],
    ["text/plain; charset=utf-16", Buffer.from(json, "utf16le"), json],
    ["text/plain; charset=utf-16be", utf16be, json],
    ["application/json; charset=utf-16", utf16be, json],
    ["application/json", Buffer.from(json, "utf16le"), json],
    ["application/json; charset=iso-8859-1", latin, '{"a":"caf\u00e9"}'],
    ["application/json; charset=latin-1", latin, '{"a":"caf\u00e9"}'],
    ["text/plain; charset=windows-1251", Buffer.from([0xcf, 0xf0]), "\u041f\u0440"],
    ["text/plain; charset=shift_jis", Buffer.from([0x93, 0xfa]), "\u65e5"],
    ["application/json", latin, '{"a":"caf\ufffd"}'],
    ["text/plain", latin, '{"a":"caf\ufffd"}'],
  ])("of %s", async (type, body, text) => {
    expect(bodyText(body, type)).toBe(text);
    expect(await bodyTextInTurns(body, type)).toBe(text);
    expect(await textOrBinary(body, type)).toBe(text);
  });

  it.each<[string | undefined, Uint8Array]>([
    [undefined, latin],
    ["image/png", Buffer.from([0x89, 0x50, 0, 1])],
    ["application/octet-stream", latin],
    ["application/octet-stream", Buffer.from("a\u0000b")],
    ["text/plain", Buffer.from("a\u0000b")],
    ["application/octet-stream", Buffer.from([0xff, 0xfe, 0x00, 0xd8])],
  ])("is none, of %s", async (type, body) => {
    expect(await textOrBinary(body, type)).toBeUndefined();
  });

  it.each<[string, Uint8Array]>([
    ["text/plain; charset=shift_jis", Buffer.alloc(9 << 20, 0xff)],
    ["text/plain; charset=shift_jis", Buffer.from([0x41, ...Array.from({ length: 1 << 20 }, (_, at) => [0x93, 0xfa][at % 2]!)])],
    ["text/plain; charset=gb18030", Buffer.alloc(3 << 20, Buffer.from([0x41, 0x81, 0x30, 0x81, 0x31]))],
    ["text/plain", Buffer.concat([Buffer.alloc(1 << 20, "aé"), latin])],
    ["application/json; charset=utf-16", Buffer.concat([utf16be, Buffer.alloc(1 << 20, Buffer.from([0, 0x20]))])],
  ])("that is long is the same in turns, each of them short: %s", async (type, body) => {
    const { outcome, longestMs } = await longestTurnAtBest(() => Promise.all([bodyTextInTurns(body, type), textOrBinary(body, type)]));
    const [text, shown] = outcome;
    expect([text === bodyText(body, type), shown === text]).toEqual([true, true]);
    expect(longestMs).toBeLessThan(100);
  });
});

describe("a body that comes in pieces", () => {
  const event = 'data: {"a":"caf\u00e9 \u65e5"}\n\n';
  const gbk = Buffer.concat([Buffer.from('data: "'), Buffer.from([0xc4, 0xe3]), Buffer.from('"\n\ndata: "ok"\n\n')]);

  it.each<[string | undefined, Uint8Array, string]>([
    [undefined, Buffer.from(event), event],
    ["text/event-stream", marked([0xef, 0xbb, 0xbf], Buffer.from(event)), event],
    ["text/event-stream; charset=utf-8", Buffer.from(event), event],
    ["text/event-stream; charset=gbk", gbk, 'data: "\u4f60"\n\ndata: "ok"\n\n'],
    ["text/event-stream; charset=iso-8859-1", Buffer.from("data: caf\u00e9", "latin1"), "data: caf\u00e9"],
    // A label that is wrong, which no browser would notice.
    ["text/event-stream; charset=iso-8859-1", Buffer.from(event), event],
    ["text/event-stream", marked([0xff, 0xfe], Buffer.from(event, "utf16le")), event],
    ["application/json; charset=iso-8859-1", latin, '{"a":"caf\u00e9"}'],
    ["application/json; charset=utf-16", utf16be, json],
    ["application/json", Buffer.from(json, "utf16le"), json],
    ["text/plain; charset=utf8mb4", Buffer.from(json), json],
    ["application/json", Buffer.from("{}"), "{}"],
    ["text/plain", Buffer.from("\u00e9\u{1f600}").subarray(0, 4), "\u00e9\ufffd"],
    ["application/json", new Uint8Array(), ""],
  ])("of %s is read as it is whole", (type, body, text) => {
    for (const size of [1, 3, 7, Math.max(1, body.length)]) {
      const stream = new BodyTextStream();
      let read = "";
      for (let at = 0; at < body.length; at += size) read += stream.push(body.subarray(at, at + size), type);
      expect([size, read + stream.end(type)]).toEqual([size, text]);
    }
  });
});

describe("a content-type", () => {
  it.each([
    ["application/json", true],
    ["Application/JSON;charset=UTF-8", true],
    [" application/problem+json ; x=1", true],
    ["model/gltf+json", true],
    ["text/json", true],
    ["text/html, application/json", true],
    ["application/json, application/json; charset=utf-8", true],
    ["application/json, nonsense", true],
    ["application/json, text/plain", false],
    ["application/json-seq", false],
    ["application/jsonp", false],
    ['text/plain; note="a, application/json"', false],
    ["json", false],
    ["", false],
    [undefined, false],
  ])("%s is JSON's: %s", (type, is) => {
    expect(isJsonType(readMediaType(type))).toBe(is);
  });

  it.each([
    ["text/html", "<html>Login</html>", "text/html"],
    ["TEXT/HTML; charset=utf-8", "\n <p>", "text/html"],
    ["text/html", "", "text/html"],
    ["application/xhtml+xml", "<?xml", "application/xhtml+xml"],
    [undefined, "<!DOCTYPE html><html>", "text/html"],
    ["application/json", "<html>", "text/html"],
    // Some servers call everything so.
    ["text/html", '{"a":1}', undefined],
    ["text/html", "data: {}", undefined],
    ["application/xml", "<a/>", undefined],
    ["application/json", '{"a":"<html>"}', undefined],
  ])("%s with %j is a page: %s", (type, start, page) => {
    expect(pageInstead(type, start)).toBe(page);
  });
});
