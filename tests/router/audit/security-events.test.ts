import { securityEventOf } from "../../../router/audit/security-events.ts";

describe("what an audit means for security", () => {
  it.each<[string[], string[], string[], string | null, object | null]>([
    [["runs"], [], [], null, null],
    [["runs"], ["UNAUTHENTICATED"], ["API_KEY_UNKNOWN"], "AUTH_FAILED", { reason: "UNAUTHENTICATED" }],
    [["runs"], ["TENANT_MISMATCH"], ["TENANT_MISMATCH"], "TENANT_MISMATCH", { reason: "TENANT_MISMATCH" }],
    [["runs", "createApiKey"], [], [], "KEY_CHANGED", { mutations: ["createApiKey"] }],
    [["invokeTool"], ["FORBIDDEN"], ["EGRESS_DENIED"], "EGRESS_BLOCKED", { reason: "EGRESS_DENIED" }],
    [["executeRun"], ["BAD_USER_INPUT"], ["CODE_MEMORY"], "SANDBOX_LIMIT", { reason: "CODE_MEMORY" }],
    [["runs"], ["FORBIDDEN"], ["toString"], null, null],
  ])("%j with %j, %j is %s", (rootFields, errorCodes, reasons, event, details) => {
    expect(securityEventOf({ rootFields, errorCodes, reasons })).toEqual({ event, details });
  });
});
