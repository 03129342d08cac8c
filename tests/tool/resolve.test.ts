import fc from "fast-check";
import type { JsonObject } from "#shared/json.ts";
import { homeOrigin, resolveToolCall, type ToolCallLayers } from "../../subgraphs/tool/resolve.ts";
import { longestTurnAtBest } from "../testkit/longest-turn.ts";

const base = "http://invoke.test/v1";

function resolve(layers: Partial<ToolCallLayers>) {
  const { url, headers, ...call } = resolveToolCall({ config: {}, binding: {}, invoke: {}, ...layers });
  return { ...call, url: url.href, headers: Object.fromEntries(headers) };
}

const refusal = (layers: Partial<ToolCallLayers>) => {
  try {
    resolve(layers);
  } catch (error) {
    const { reason, facts, message } = error as { reason: string; facts: JsonObject; message: string };
    return { reason, message, field: facts["field"], ...facts };
  }
  throw new Error("it was not refused");
};

describe("resolveToolCall", () => {
  it.each<[string, Partial<ToolCallLayers>, string]>([
    [
      "S-89 config.url wins over all",
      { config: { url: "http://node.test/a", base_url: "http://x.test", path: "/p" }, invoke: { url: "http://y.test" } },
      "http://node.test/a",
    ],
    [
      "S-89 invoke.url wins over base URLs",
      { config: { base_url: "http://x.test" }, invoke: { url: "http://invoke.test/u" } },
      "http://invoke.test/u",
    ],
    [
      "S-90 config.base_url is first",
      { config: { base_url: "http://c.test" }, binding: { base_url: "http://b.test" }, invoke: { base_url: base } },
      "http://c.test/",
    ],
    ["S-90 binding.base_url is second", { binding: { base_url: "http://b.test" }, invoke: { base_url: base } }, "http://b.test/"],
    ["S-90 invoke.base_url is third", { invoke: { base_url: base } }, "http://invoke.test/v1"],
    ["S-90 a blank base_url counts as none", { config: { base_url: " " }, binding: { base_url: "http://b.test" } }, "http://b.test/"],
    ["S-91 config.path is first", { config: { path: "/c" }, invoke: { base_url: base, path: "/i" } }, "http://invoke.test/v1/c"],
    ["S-91 invoke.path is second", { invoke: { base_url: `${base}/`, path: "i" } }, "http://invoke.test/v1/i"],
    ["S-91 a binding has no path", { binding: { path: "/b" }, invoke: { base_url: base } }, "http://invoke.test/v1"],
    ["S-91 a path's query is kept", { invoke: { base_url: base, path: "/i?a=1" } }, "http://invoke.test/v1/i?a=1"],
    [
      "S-91 a path cannot name another host",
      { config: { path: "//evil.test/x" }, invoke: { base_url: base } },
      "http://invoke.test/v1/evil.test/x",
    ],
    [
      "S-91 a path that looks like a URL stays beneath the base",
      { config: { path: "http://evil.test/" }, invoke: { base_url: base } },
      "http://invoke.test/v1/http://evil.test/",
    ],
    [
      "S-93 query is merged and the node wins",
      { config: { query: { b: 3, c: true } }, invoke: { base_url: base, query: { a: 1, b: 2 } } },
      "http://invoke.test/v1?a=1&b=3&c=true",
    ],
    [
      "S-93 query wins over the URL's own",
      { config: { query: { a: 2 } }, invoke: { url: "http://i.test/?a=1&z=9" } },
      "http://i.test/?z=9&a=2",
    ],
    [
      "S-93 query leaves a signed URL as it is",
      { config: { url: "http://i.test/?sig=a%2Fb%20c~d&flag&&e=%7e%2a#part", query: { x: 1 } } },
      "http://i.test/?sig=a%2Fb%20c~d&flag&&e=%7e%2a&x=1",
    ],
    [
      "S-93 query replaces what has its name, however that is written, and nothing else",
      { config: { url: "http://i.test/?%61=1&sig=%2F&a=2&a&b+c=%20", query: { a: [3, 4], "b c": null } } },
      "http://i.test/?sig=%2F&a=3&a=4",
    ],
    [
      "S-91 the queries of base and path stay as they are",
      { config: { path: "/i?t=%7e&u=x y" }, invoke: { base_url: "http://invoke.test/v1?sig=a%2Fb~&flag" } },
      "http://invoke.test/v1/i?sig=a%2Fb~&flag&t=%7e&u=x%20y",
    ],
    [
      "S-93 lists repeat, objects are JSON, null takes away",
      { config: { query: { l: [1, 2], o: { x: 1 }, gone: null } }, invoke: { base_url: base, query: { gone: 1 } } },
      "http://invoke.test/v1?l=1&l=2&o=%7B%22x%22%3A1%7D",
    ],
    [
      "arguments are query of a GET, beneath config's",
      { arguments: { q: "lamp", n: 5 }, config: { query: { n: 6 } }, invoke: { base_url: base, query: { q: "none", lang: "en" } } },
      "http://invoke.test/v1?q=lamp&lang=en&n=6",
    ],
  ])("%s", (_, layers, url) => {
    expect(resolve(layers).url).toBe(url);
  });

  it("S-92 takes the version's method, else the node's, else GET", () => {
    expect(resolve({ invoke: { base_url: base } }).method).toBe("GET");
    expect(resolve({ config: { method: "put" }, invoke: { base_url: base, method: "post" } }).method).toBe("POST");
    expect(resolve({ config: { url: base, method: "delete" } }).method).toBe("DELETE");
  });

  it.each<[string, Partial<ToolCallLayers>, string | undefined, string | undefined]>([
    [
      "S-94 merges bodies, shallow, later wins",
      { config: { body: { b: { y: 1 } } }, invoke: { body: { a: 1, b: { x: 1 } } } },
      '{"a":1,"b":{"y":1}}',
      "application/json",
    ],
    [
      "S-94 takes a text of the node whole",
      { config: { body: "plain" }, invoke: { body: { a: 1 } } },
      "plain",
      "text/plain; charset=utf-8",
    ],
    [
      "S-94 puts arguments between version and node",
      { arguments: { a: 2, b: 2 }, config: { body: { b: 3 } }, invoke: { body: { a: 1, z: 0 } } },
      '{"a":2,"z":0,"b":3}',
      "application/json",
    ],
    ["S-94 sends lists as JSON", { config: { body: [1, 2] } }, "[1,2]", "application/json"],
    [
      "S-94 encodes forms where the content type says so",
      { config: { body: { a: "x y", b: [1, 2] }, headers: { "Content-Type": "application/x-www-form-urlencoded" } } },
      "a=x+y&b=1&b=2",
      "application/x-www-form-urlencoded",
    ],
    ["S-94 sends none where none is given", { config: { body: null } }, undefined, undefined],
  ])("%s", (_, layers, body, type) => {
    const call = resolve({ ...layers, invoke: { base_url: base, method: "POST", ...layers.invoke } });
    expect(call.body).toBe(body);
    expect(call.headers["content-type"]).toBe(type);
  });

  it("S-95 merges headers of version, binding and node without regard to case; later wins and null takes away", () => {
    const { headers } = resolve({
      invoke: { base_url: base, headers: { "X-A": "invoke", "X-B": "invoke", "X-C": "invoke", "X-D": "invoke" } },
      binding: { headers: { "x-b": "binding", "x-c": "binding" } },
      config: { headers: { "X-c": 7, "x-d": null } },
    });
    expect(headers).toEqual({ "x-a": "invoke", "x-b": "binding", "x-c": "7" });
  });

  it("takes a sealed header from stored layers only, and lets a later layer replace it", () => {
    const sealed = { sealed: "v1.x", origin: "http://b.test" };
    const stored = { base_url: "http://b.test", headers: { authorization: sealed } };
    expect(resolve({ binding: stored }).headers).toEqual({ authorization: { ...sealed, layer: "binding" } });
    expect(resolve({ binding: stored, config: { headers: { Authorization: "mine" } } }).headers).toEqual({ authorization: "mine" });
    expect(refusal({ binding: stored, config: { headers: { authorization: sealed } } })).toMatchObject({
      reason: "TOOL_CONFIG_INVALID",
      field: "config.headers.authorization",
    });
  });

  it("takes the time-out of node, binding or version", () => {
    expect(resolve({ invoke: { base_url: base, timeout_seconds: 9 }, binding: { timeout_seconds: 8 } }).timeoutSeconds).toBe(8);
    expect(resolve({ config: { timeout_seconds: 1.5 }, invoke: { base_url: base, timeout_seconds: 9 } }).timeoutSeconds).toBe(1.5);
  });

  it.each<[Partial<ToolCallLayers>, string, string]>([
    [{}, "TOOL_URL_MISSING", "config.base_url"],
    [{ config: { path: "/x" } }, "TOOL_URL_MISSING", "config.base_url"],
    [{ config: { url: "ftp://x.test" } }, "TOOL_CONFIG_INVALID", "config.url"],
    [{ config: { url: "http://user:pw@x.test" } }, "TOOL_CONFIG_INVALID", "config.url"],
    [{ config: { url: 5 } }, "TOOL_CONFIG_INVALID", "config.url"],
    [{ config: { url: base, query: "a=1" } }, "TOOL_CONFIG_INVALID", "config.query"],
    [{ config: { url: base, headers: { "x-a": {} } } }, "TOOL_CONFIG_INVALID", "config.headers.x-a"],
    [{ config: { url: base, timeout_seconds: 0 } }, "TOOL_CONFIG_INVALID", "config.timeout_seconds"],
    [{ config: { url: base }, invoke: { method: "TRACE" } }, "TOOL_CONFIG_INVALID", "invokeConfig.method"],
  ])("refuses %j, naming the field", (layers, reason, field) => {
    expect(refusal(layers)).toMatchObject({ reason, field });
  });

  it("refuses a header of more than 16,384 characters, naming the field", () => {
    const layers = (length: number) => ({ config: { url: base, headers: { "X-Api-Key": "a".repeat(length) } } });
    expect(refusal(layers(16_385))).toMatchObject({ reason: "TOOL_CONFIG_INVALID", field: "config.headers.X-Api-Key" });
    expect(resolve(layers(16_384)).headers["x-api-key"]).toHaveLength(16_384);
  });

  it.each<[string, (length: number) => Partial<ToolCallLayers>]>([
    ["config.url", (length) => ({ config: { url: `${base}/`.padEnd(length, "x") } })],
    ["base_url", (length) => ({ config: { base_url: `${base}/`.padEnd(length, "x") } })],
    ["path", (length) => ({ config: { base_url: base, path: "/".padEnd(length - base.length, "x") } })],
    ["query", (length) => ({ config: { url: base, query: { q: "x".repeat(length - base.length - 3) } } })],
    ["query", (length) => ({ invoke: { url: base }, arguments: { q: ["x".repeat(length - base.length - 6), ""], none: [null] } })],
    ["query", (length) => ({ invoke: { url: base }, arguments: { q: { a: "x".repeat(length - base.length - 25) } } })],
  ])("refuses a URL of more than 65,536 characters: %s", (field, layers) => {
    expect(resolve(layers(65_536)).url).toHaveLength(65_536);
    const { field: named, ...refused } = refusal(layers(65_537 + (field === "path" ? base.length : 0)));
    expect(refused).toMatchObject({ reason: "TOOL_CONFIG_INVALID", message: expect.stringContaining("more than 65,536 characters") });
    expect([field, "url"]).toContain(named);
  });

  it("counts what is sent: no argument that the config overrides", () => {
    const layers = { invoke: { url: base }, arguments: { a: "x".repeat(70_000), ["__proto__"]: "v" }, config: { query: { a: "short" } } };
    expect(resolve(layers).url).toBe(`${base}?a=short&__proto__=v`);
  });

  it("refuses arguments that would make such a URL before it is written", async () => {
    const named = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, 1]));
    const { longestMs } = await longestTurnAtBest(async () => refusal({ invoke: { url: base }, arguments: named }));
    expect(longestMs).toBeLessThan(60);
    expect(resolve({ invoke: { url: base, method: "POST" }, arguments: { q: "x".repeat(100_000) } }).body).toHaveLength(100_008);
  });

  it("never leaves the base URL, whatever the path: it is beneath it or refused", () => {
    const steps = fc.array(fc.constantFrom("/", "\\\\", "..", ".", "%2e", "%2E.", "\t", "\n", "@", "?", "#", ":80", "e.test", "%2f"), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          steps.map((parts) => parts.join("")),
        ),
        (path) => {
          const layers = { config: { path }, binding: { base_url: "https://home.test/api" } };
          let url: string;
          try {
            url = resolve(layers).url;
          } catch {
            return expect(refusal(layers)).toMatchObject({ reason: "TOOL_CONFIG_INVALID", field: "path" });
          }
          expect(url).toMatch(/^https:\/\/home\.test\/api([/?]|$)/);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each(["/orders/../users/7", "..", "a/%2E%2e/b", "a\\..\\b", "/orders/.\n./users"])("refuses the path %j, which climbs", (path) => {
    expect(refusal({ config: { path }, invoke: { base_url: base } })).toMatchObject({ reason: "TOOL_CONFIG_INVALID", field: "path" });
  });

  it("takes dots that are no step upwards", () => {
    expect(resolve({ config: { path: "/v1..2/.well-known/a..b/..." }, invoke: { base_url: "http://i.test" } }).url).toBe(
      "http://i.test/v1..2/.well-known/a..b/...",
    );
  });
});

describe("homeOrigin", () => {
  it.each<[JsonObject, JsonObject, string | undefined]>([
    [{ base_url: "https://b.test:8443/x" }, { base_url: base }, "https://b.test:8443"],
    [{ base_url: "https://b.test" }, { url: "http://whole.test/x" }, "http://whole.test"],
    [{}, { base_url: base }, "http://invoke.test"],
    [{}, { path: "/x" }, undefined],
  ])("of binding %j and version %j is %s", (binding, invoke, origin) => {
    expect(homeOrigin({ binding, invoke })).toBe(origin);
  });
});
