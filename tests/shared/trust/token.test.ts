import { createHmac } from "node:crypto";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { operationText, readToken, requireOperation, signToken } from "#shared/trust/token.ts";

const ours = "0a".repeat(32);
const keys = new InternalKeys([ours]);
const text = operationText({ query: "query ($id: ID!) { app(id: $id) { name } }", variables: { id: "1" } });
const info = { tenantId: "t1", requestId: "r-1", subject: "ann", apiKeyId: "k-1", scopes: ["run:read"] };
const token = signToken({ audience: "tool", info, text }, keys.all[0]!);

const reasonOf = (work: () => unknown): unknown => {
  try {
    work();
    return "taken";
  } catch (error) {
    return (error as { reason: unknown }).reason;
  }
};

/** A token of any words, signed as ours are. */
function signed(header: object, claims: object, key = ours): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const words = `${encode(header)}.${encode(claims)}`;
  return `${words}.${createHmac("sha256", Buffer.from(key, "hex")).update(words).digest("base64url")}`;
}

const now = () => Math.floor(Date.now() / 1_000);
const claims = (more: object = {}) => ({ aud: "tool", exp: now() + 60, tenant: "t1", rid: "r-1", bh: "x", ...more });
const hs256 = { alg: "HS256" };

describe("a token between processes", () => {
  it("says who asks for whom, of which part, and nothing else does", () => {
    const { bodyHash, ...said } = readToken(token, { audience: "tool", keys: keys.all });
    expect(said).toEqual(info);
    expect(bodyHash).toMatch(/^[\w-]{43}$/);
    expect(readToken(signed(hs256, claims()), { audience: "tool", keys: keys.all })).toMatchObject({
      subject: null,
      apiKeyId: null,
      scopes: undefined,
    });
  });

  it.each([
    ["none", undefined, "TOKEN_MISSING"],
    ["an empty one", "", "TOKEN_MISSING"],
    ["anything", "abc", "TOKEN_FORGED"],
    ["words without a signature", token.slice(0, token.lastIndexOf(".") + 1), "TOKEN_FORGED"],
    ["another key's", signed(hs256, claims(), "0b".repeat(32)), "TOKEN_FORGED"],
    ["one that wants no signature", `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.`, "TOKEN_FORGED"],
    ["one of another algorithm", signed({ alg: "HS512" }, claims()), "TOKEN_FORGED"],
    ["one whose clock stands at its end", signed(hs256, claims({ exp: now() })), "TOKEN_EXPIRED"],
    ["one of yesterday", signed(hs256, claims({ exp: now() - 86_400 })), "TOKEN_EXPIRED"],
    ["one for ever", signed(hs256, claims({ exp: now() + 86_400 })), "TOKEN_EXPIRED"],
    ["one without an end", signed(hs256, claims({ exp: undefined })), "TOKEN_EXPIRED"],
    ["another part's", signed(hs256, claims({ aud: "model" })), "TOKEN_AUDIENCE_WRONG"],
    ["one for nobody", signed(hs256, claims({ aud: undefined })), "TOKEN_AUDIENCE_WRONG"],
    ["one for several", signed(hs256, claims({ aud: ["tool", "model"] })), "TOKEN_AUDIENCE_WRONG"],
  ])("is refused: %s", (_what, given, reason) => {
    expect(reasonOf(() => readToken(given, { audience: "tool", keys: keys.all }))).toBe(reason);
  });

  it("is refused when any one of its characters is another", () => {
    const reasons = [...token].map((character, index) => {
      const altered = `${token.slice(0, index)}${character === "A" ? "B" : "A"}${token.slice(index + 1)}`;
      return reasonOf(() => readToken(altered, { audience: "tool", keys: keys.all }));
    });
    expect(new Set(reasons)).toEqual(new Set(["TOKEN_FORGED"]));
  });

  it.each([
    ["another query", { query: "query ($id: ID!) { app(id: $id) { code } }", variables: { id: "1" } }],
    ["another value of a variable", { query: "query ($id: ID!) { app(id: $id) { name } }", variables: { id: "2" } }],
    ["one more variable", { query: "query ($id: ID!) { app(id: $id) { name } }", variables: { id: "1", all: true } }],
    ["no variables", { query: "query ($id: ID!) { app(id: $id) { name } }" }],
    ["another of its operations", { query: "query ($id: ID!) { app(id: $id) { name } }", variables: { id: "1" }, operationName: "B" }],
  ])("is no good for %s", (_what, operation) => {
    const read = readToken(token, { audience: "tool", keys: keys.all });
    expect(reasonOf(() => requireOperation(read, text, "tool"))).toBe("taken");
    expect(reasonOf(() => requireOperation(read, operationText(operation), "tool"))).toBe("TOKEN_BODY_DIFFERS");
  });

  it("is for an operation as it arrives, whatever its values are", () => {
    const variables = {
      10: "b",
      2: "a",
      __proto__x: 1,
      half: "\ud800",
      nothing: undefined,
      list: [undefined, Number.POSITIVE_INFINITY, -0],
      date: new Date(0),
    };
    const sent = operationText({ query: "{ a }", variables, operationName: null });
    const arrived = JSON.parse(sent) as { query: string; variables: Record<string, unknown> };
    expect(operationText({ ...arrived, operationName: undefined })).toBe(sent);
  });
});

describe("internal keys", () => {
  it("are believed both while they are rotated", () => {
    const rotated = new InternalKeys(["0b".repeat(32), ours]);
    expect(readToken(token, { audience: "tool", keys: rotated.all })).toMatchObject({ tenantId: "t1" });
    expect(reasonOf(() => readToken(token, { audience: "tool", keys: new InternalKeys(["0b".repeat(32)]).all }))).toBe("TOKEN_FORGED");
  });

  it.each([[[]], [["short"]], [[ours, ""]]])("are none: %j", (texts) => {
    expect(() => new InternalKeys(texts)).toThrow("64 hex digits");
  });
});
