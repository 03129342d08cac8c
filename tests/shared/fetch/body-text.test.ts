import { bodyText, textOrBinary } from "#shared/fetch/body-text.ts";
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
  ])("of %s", (type, body, text) => {
    expect(bodyText(body, type)).toBe(text);
    expect(textOrBinary(body, type)).toBe(text);
  });

  it.each<[string | undefined, Uint8Array]>([
    [undefined, latin],
    ["image/png", Buffer.from([0x89, 0x50, 0, 1])],
    ["application/octet-stream", latin],
    ["application/octet-stream", Buffer.from("a\u0000b")],
    ["text/plain", Buffer.from("a\u0000b")],
    ["application/octet-stream", Buffer.from([0xff, 0xfe, 0x00, 0xd8])],
  ])("is none, of %s", (type, body) => {
    expect(textOrBinary(body, type)).toBeUndefined();
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
