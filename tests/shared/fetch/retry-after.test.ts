import { readRetryAfter } from "#shared/fetch/retry-after.ts";

const nowMs = Date.parse("2026-11-23T12:00:00Z");
const dayMs = 86_400_000;

describe("readRetryAfter", () => {
  it.each([
    ["7", 7_000],
    [" 0 ", 0],
    ["3.0", 3_000],
    ["2.5", 2_500],
    ["3.", 3_000],
    [".5", 500],
    ["0.0001", 1],
    ["+3", 3_000],
    ["003", 3_000],
    ["3, 5", 5_000],
    ["99999999999", dayMs],
    ["9".repeat(400), dayMs],
    ["Mon, 23 Nov 2026 12:00:30 GMT", 30_000],
    ["Mon, 23 Nov 2026 12:00:30 +0000", 30_000],
    ["mon, 23 nov 2026 12:00:30 gmt", 30_000],
    ["Monday, 23-Nov-26 12:00:30 GMT", 30_000],
    ["Mon Nov 23 12:00:30 2026", 30_000],
    ["2026-11-23T12:00:30Z", 30_000],
    ["2026-11-23T12:00:30", 30_000],
    ["Mon, 23 Nov 2026 11:00:00 GMT", 0],
    ["Mon, 23 Nov 2099 11:00:00 GMT", dayMs],
  ])("reads %s", (text, waitMs) => {
    expect(readRetryAfter({ "retry-after": text }, nowMs)).toBe(waitMs);
  });

  // Date.parse takes most of these for days in 2001.
  it.each(["", "soon", "in 5 minutes", "3s", "-3", "1e3", "0x10", "NaN", "Infinity", "3;4", "may 5", "Mon, 99 Foo 2026 12:00:00 GMT"])(
    "finds nothing in %j",
    (text) => {
      expect(readRetryAfter({ "retry-after": text }, nowMs)).toBeUndefined();
    },
  );

  it.each<[Record<string, unknown>, number | undefined]>([
    [{ "retry-after-ms": "150", "retry-after": "9" }, 150],
    [{ "retry-after-ms": "150.5" }, 151],
    [{ "retry-after-ms": "soon", "retry-after": "9" }, 9_000],
    [{ "retry-after": 9 }, undefined],
    [{}, undefined],
  ])("reads the headers %j", (headers, waitMs) => {
    expect(readRetryAfter(headers, nowMs)).toBe(waitMs);
  });
});
