import { httpRetry } from "../../../subgraphs/runtime/nodes/http-retry.ts";

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
    expect(httpRetry({ status }, nowMs)).toEqual({ retryable });
  });

  it.each([502, 504])("does not know the effect behind a gateway's %d", (status) => {
    expect(httpRetry({ status }, nowMs)).toEqual({ retryable: true, effectUnknown: true });
  });

  it.each([
    ["7", 7_000],
    [" 0 ", 0],
    ["Mon, 23 Nov 2026 12:00:30 GMT", 30_000],
    ["Mon, 23 Nov 2026 11:00:00 GMT", 0],
    ["99999999999", 86_400_000],
  ])("waits as Retry-After: %s asks, a day at most", (retryAfter, retryAfterMs) => {
    expect(httpRetry({ status: 429, retryAfter }, nowMs)).toEqual({ retryable: true, retryAfterMs });
  });

  it("ignores a Retry-After that says nothing", () => {
    expect(httpRetry({ status: 503, retryAfter: "soon" }, nowMs)).toEqual({ retryable: true });
  });
});
