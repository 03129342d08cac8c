import { changesIn, securityEventOf } from "../../../router/audit/security-events.ts";

describe("what an audit means for security", () => {
  it.each<[string[], string[], string[], string | null, object | null]>([
    [[], [], [], null, null],
    [[], ["UNAUTHENTICATED"], ["API_KEY_UNKNOWN"], "AUTH_FAILED", { reason: "UNAUTHENTICATED" }],
    [[], ["TENANT_MISMATCH"], ["TENANT_MISMATCH"], "TENANT_MISMATCH", { reason: "TENANT_MISMATCH" }],
    [["createApiKey"], [], [], "KEY_CHANGED", { mutations: ["createApiKey"] }],
    [["createApiKey"], ["FORBIDDEN"], ["EGRESS_DENIED"], "KEY_CHANGED", { mutations: ["createApiKey"], reason: "EGRESS_DENIED" }],
    [["rotateApiKey"], ["NOT_FOUND"], ["APP_NOT_FOUND"], "KEY_CHANGED", { mutations: ["rotateApiKey"] }],
    [["deleteSecret"], ["NOT_FOUND"], ["APP_NOT_FOUND"], "SECRET_CHANGED", { mutations: ["deleteSecret"] }],
    [["createWebhook"], [], [], "SECRET_CHANGED", { mutations: ["createWebhook"] }],
    [["rotateWebhookSecret"], [], [], "SECRET_CHANGED", { mutations: ["rotateWebhookSecret"] }],
    [["rotateWebhookUrl"], [], [], "SECRET_CHANGED", { mutations: ["rotateWebhookUrl"] }],
    [["deleteWebhook"], [], [], "SECRET_CHANGED", { mutations: ["deleteWebhook"] }],
    [["updateSecret", "createApiKey"], [], [], "KEY_CHANGED", { mutations: ["updateSecret", "createApiKey"] }],
    [[], ["FORBIDDEN"], ["EGRESS_DENIED"], "EGRESS_BLOCKED", { reason: "EGRESS_DENIED" }],
    [[], ["BAD_USER_INPUT"], ["CODE_MEMORY"], "SANDBOX_LIMIT", { reason: "CODE_MEMORY" }],
    [[], ["FORBIDDEN"], ["toString"], null, null],
  ])("of changes %j with %j, %j is %s", (changed, errorCodes, reasons, event, details) => {
    expect(securityEventOf({ changed, errorCodes, reasons })).toEqual({ event, details });
  });
});

describe("what an operation has changed of keys and secrets", () => {
  const fields = new Map([
    ["first", "createApiKey"],
    ["second", "rotateApiKey"],
    ["apps", "apps"],
    ["hook", "rotateWebhookUrl"],
  ]);
  const failed = (alias: string, code: string) => ({ path: [alias], extensions: { code } });
  it.each([
    ["both are answered", { data: { first: {}, second: {} } }, ["createApiKey", "rotateApiKey"]],
    ["one is refused", { data: { first: null, second: {} }, errors: [failed("first", "BAD_USER_INPUT")] }, ["rotateApiKey"]],
    ["one field of a key fails", { data: { first: {}, second: null }, errors: [failed("first", "INTERNAL")] }, ["createApiKey"]],
    ["one has an effect that is not known", { data: { first: null }, errors: [failed("first", "TIMEOUT")] }, ["createApiKey"]],
    ["another field fails", { data: { first: null, apps: null }, errors: [failed("apps", "INTERNAL")] }, []],
    ["nothing was run", { errors: [{ extensions: { code: "BAD_USER_INPUT" } }] }, []],
    ["a webhook has another URL", { data: { apps: null, hook: {} } }, ["rotateWebhookUrl"]],
    ["there is no word of it", { data: null }, []],
  ])("are known where %s", (_what, result, changed) => {
    expect(changesIn(fields, result)).toEqual(changed);
  });
});
