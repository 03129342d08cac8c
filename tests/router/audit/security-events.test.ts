import { keyChangesIn, securityEventOf } from "../../../router/audit/security-events.ts";

describe("what an audit means for security", () => {
  it.each<[string[], string[], string[], string | null, object | null]>([
    [[], [], [], null, null],
    [[], ["UNAUTHENTICATED"], ["API_KEY_UNKNOWN"], "AUTH_FAILED", { reason: "UNAUTHENTICATED" }],
    [[], ["TENANT_MISMATCH"], ["TENANT_MISMATCH"], "TENANT_MISMATCH", { reason: "TENANT_MISMATCH" }],
    [["createApiKey"], [], [], "KEY_CHANGED", { mutations: ["createApiKey"] }],
    [["createApiKey"], ["FORBIDDEN"], ["EGRESS_DENIED"], "KEY_CHANGED", { mutations: ["createApiKey"], reason: "EGRESS_DENIED" }],
    [["rotateApiKey"], ["NOT_FOUND"], ["APP_NOT_FOUND"], "KEY_CHANGED", { mutations: ["rotateApiKey"] }],
    [[], ["FORBIDDEN"], ["EGRESS_DENIED"], "EGRESS_BLOCKED", { reason: "EGRESS_DENIED" }],
    [[], ["BAD_USER_INPUT"], ["CODE_MEMORY"], "SANDBOX_LIMIT", { reason: "CODE_MEMORY" }],
    [[], ["FORBIDDEN"], ["toString"], null, null],
  ])("of changed keys %j with %j, %j is %s", (keyChanges, errorCodes, reasons, event, details) => {
    expect(securityEventOf({ keyChanges, errorCodes, reasons })).toEqual({ event, details });
  });
});

describe("the keys that an operation has changed", () => {
  const fields = new Map([
    ["first", "createApiKey"],
    ["second", "rotateApiKey"],
    ["apps", "apps"],
  ]);
  const failed = (alias: string, code: string) => ({ path: [alias], extensions: { code } });
  it.each([
    ["both are answered", { data: { first: {}, second: {} } }, ["createApiKey", "rotateApiKey"]],
    ["one is refused", { data: { first: null, second: {} }, errors: [failed("first", "BAD_USER_INPUT")] }, ["rotateApiKey"]],
    ["one field of a key fails", { data: { first: {}, second: null }, errors: [failed("first", "INTERNAL")] }, ["createApiKey"]],
    ["one has an effect that is not known", { data: { first: null }, errors: [failed("first", "TIMEOUT")] }, ["createApiKey"]],
    ["another field fails", { data: { first: null, apps: null }, errors: [failed("apps", "INTERNAL")] }, []],
    ["nothing was run", { errors: [{ extensions: { code: "BAD_USER_INPUT" } }] }, []],
    ["there is no word of it", { data: null }, []],
  ])("are known where %s", (_what, result, changed) => {
    expect(keyChangesIn(fields, result)).toEqual(changed);
  });
});
