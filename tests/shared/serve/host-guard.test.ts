import { isAllowedHost, isAllowedOrigin } from "#shared/serve/host-guard.ts";

describe("the Host that a server without keys answers", () => {
  it.each(["localhost", "LOCALHOST:4000", "app.localhost:4000", "127.0.0.1", "127.0.0.1:4000", "127.8.9.10:1", "[::1]", "[::1]:4000"])(
    "is loopback: %s",
    (host) => {
      expect(isAllowedHost(host)).toBe(true);
    },
  );

  it.each([
    undefined,
    "",
    ":4000",
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:4000",
    "notlocalhost",
    "127.0.0.1@evil.example",
    "localhost:4000@evil.example",
    "localhost:4000.evil.example",
    "127.0.0.1:4000:80",
    "localhost.",
    "127.0.0.1.",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0.0.0.0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::1].evil.example",
    "::1.evil.example",
    "localhost, evil.example",
    " localhost",
    "10.0.0.1",
  ])("is nothing else: %s", (host) => {
    expect(isAllowedHost(host)).toBe(false);
  });

  it("may be one that the operator names, at any port or at the one named", () => {
    expect(isAllowedHost("Platform.Local:4000", ["platform.local"])).toBe(true);
    expect(isAllowedHost("platform.local:4000", ["platform.local:4000"])).toBe(true);
    expect(isAllowedHost("platform.local:4001", ["platform.local:4000"])).toBe(false);
    expect(isAllowedHost("a.platform.local", ["platform.local"])).toBe(false);
  });
});

describe("the Origin that a server without keys answers", () => {
  const host = "localhost:4000";

  it("is none, its own, or one that the operator lists", () => {
    expect(isAllowedOrigin(undefined, host)).toBe(true);
    expect(isAllowedOrigin("http://localhost:4000", host)).toBe(true);
    expect(isAllowedOrigin("http://localhost:4000", "LOCALHOST:4000")).toBe(true);
    expect(isAllowedOrigin("http://[::1]:4000", "[::1]:4000")).toBe(true);
    expect(isAllowedOrigin("https://app.example", host, ["https://app.example"])).toBe(true);
  });

  it.each([
    "null",
    "",
    "*",
    "http://localhost",
    "http://localhost:3000",
    "http://127.0.0.1:4000",
    "http://localhost:4000.evil.example",
    "http://evil.example@localhost:4000",
    "http://localhost:4000/",
    "http://undefined",
    "http://evil.example#localhost:4000",
    "http://evil.example/?localhost:4000",
    "http://evil.localhost:4000",
    "file://localhost:4000",
    "chrome-extension://localhost:4000",
    "https://app.example.evil.example",
    "http://app.example",
    "https://app.example:444",
  ])("is nothing else: %s", (origin) => {
    expect(isAllowedOrigin(origin, host, ["https://app.example"])).toBe(false);
  });
});
