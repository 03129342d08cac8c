import { httpRetry } from "../../../subgraphs/runtime/nodes/http/http-retry.ts";

const nowMs = Date.parse("2026-11-23T12:00:00Z");

describe("httpRetry", () => {
  it.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ])("takes status %d as retryable: %s", (status, retryable) => {
    expect(httpRetry({ status, headers: {} }, nowMs)).toEqual({ retryable });
  });

  it.each([502, 504])("does not know the effect behind a gateway's %d", (status) => {
    expect(httpRetry({ status, headers: {} }, nowMs)).toEqual({ retryable: true, effectUnknown: true });
  });

  it("waits as Retry-After asks", () => {
    expect(httpRetry({ status: 429, headers: { "retry-after": "7" } }, nowMs)).toEqual({ retryable: true, retryAfterMs: 7_000 });
  });

  it("ignores a Retry-After that says nothing", () => {
    expect(httpRetry({ status: 503, headers: { "retry-after": "soon" } }, nowMs)).toEqual({ retryable: true });
  });
});
