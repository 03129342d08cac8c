/** Who asked, as the audit tells it (docs/audit.md). */
import { eventually } from "../testkit/eventually.ts";
import { refusalIn, startKeyedPlatform, type KeyedPlatform, type MadeKey } from "../testkit/keyed-platform.ts";

let t: KeyedPlatform;
beforeAll(async () => {
  t = await startKeyedPlatform();
});
afterAll(() => t.stop());

const apps = "query Asked { apps { nodes { code } } }";

interface Asked {
  apiKeyId: string | null;
  apiKey: { id: string; name: string; prefix: string; status: string } | null;
  operationName: string;
  event: string | null;
}

/** The rows of an operation, as a key reads them. */
async function audits({ secret }: MadeKey, name: string, headers: Record<string, string> = {}): Promise<Asked[]> {
  const query = `query ($name: String) {
    requestAudits(filter: { operationName: $name }) { nodes { apiKeyId apiKey { id name prefix status } operationName event } }
  }`;
  const read = async () => {
    const { data } = await t.as(secret, query, { name }, headers);
    return (data as { requestAudits: { nodes: Asked[] } }).requestAudits.nodes;
  };
  return eventually(read, (rows) => rows.length > 0);
}

describe("an operation's row", () => {
  it("tells which key asked, as the key is now", async () => {
    const owner = await t.keyOf("who");
    const other = await t.keyOf("who", ["app:read"]);
    await t.as(other.secret, apps);
    const told = { id: other.id, name: "test", prefix: other.secret.slice(0, 16), status: "ACTIVE" };
    expect(await audits(owner, "Asked")).toMatchObject([{ apiKeyId: other.id, apiKey: told }]);
    await t.admin.revoke(other.id);
    expect(await audits(owner, "Asked")).toMatchObject([{ apiKey: { ...told, status: "REVOKED" } }]);
  });

  it("names the operator's key, which acts for any tenant, and shows nothing of it", async () => {
    const owner = await t.keyOf("served");
    const operator = await t.keyOf("home", null, { isAdmin: true });
    await t.as(operator.secret, apps, {}, { "x-tenant-id": "served" });
    expect(await audits(owner, "Asked")).toMatchObject([{ apiKeyId: operator.id, apiKey: null }]);
    // In its own tenant neither.
    await t.as(operator.secret, apps);
    expect(await audits(await t.keyOf("home"), "Asked")).toMatchObject([{ apiKeyId: operator.id, apiKey: null }]);
  });

  it("of who had no key, or a wrong one, is an event; of whom nobody knows, so it is the default tenant's", async () => {
    const named = (name: string) => apps.replace("Asked", name);
    const owner = await t.keyOf("public");
    await t.as(undefined, named("Keyless"), {}, { "x-tenant-id": "victim" });
    expect(await audits(owner, "Keyless")).toMatchObject([{ apiKeyId: null, apiKey: null, event: "AUTH_FAILED" }]);
    const victim = await t.keyOf("victim");
    await t.as(victim.secret, named("Ours"));
    expect((await audits(victim, "Ours")).length).toBe(1);
    const { data } = await t.as(victim.secret, "{ requestAudits { nodes { operationName } } }");
    expect(JSON.stringify(data)).not.toContain("Keyless");
  });

  it("is read by audit:read alone", async () => {
    const reader = await t.keyOf("scoped", ["key:read"]);
    expect(refusalIn(await t.as(reader.secret, "{ requestAudits { nodes { id } } }"))).toBe("FORBIDDEN SCOPE_MISSING");
    const auditor = await t.keyOf("scoped", ["audit:read"]);
    expect(refusalIn(await t.as(auditor.secret, "{ requestAudits { nodes { apiKey { name } } } }"))).toBeUndefined();
    expect(refusalIn(await t.as(auditor.secret, "{ apiKeys { nodes { id } } }"))).toBe("FORBIDDEN SCOPE_MISSING");
  });
});
