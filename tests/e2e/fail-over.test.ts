/**
 * The database's machine dies, and its synchronous standby takes its place: the platform's processes stay, find it, and go on; of what was acknowledged nothing
 * is lost, and nothing is done twice.
 */
import pg from "pg";
import { createRun } from "../../cli/client/documents.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { eventually } from "../testkit/eventually.ts";
import { assertInvariants } from "../testkit/invariants.ts";
import { leasesLastFromNow } from "../testkit/lasting-leases.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { startReplicatedDatabase, type ReplicatedDatabase } from "../testkit/replicated.ts";

const clients = 8;
const dsl = {
  nodes: [
    { id: "first", type: "template-transform", config: { template: "{{ input.text }}" } },
    { id: "second", type: "template-transform", config: { template: "{{ nodes.first.text }} again" } },
    { id: "last", type: "answer", config: { answer: "{{ nodes.second.text }}" } },
  ],
  edges: [
    { source: "first", target: "second" },
    { source: "second", target: "last" },
  ],
};

describe("when the database fails over to its synchronous standby", () => {
  let database: ReplicatedDatabase;
  let platform: PlatformProcesses;

  beforeAll(async () => {
    database = await startReplicatedDatabase();
    platform = await startPlatformProcesses({ DATABASE_URL: database.url, ENCRYPTION_KEY: "ab".repeat(32), LOG_LEVEL: "error" });
  });

  afterAll(async () => {
    await platform?.stop();
    await database?.[Symbol.asyncDispose]();
  });

  it("is not mistaken for the standby", async () => {
    database.leadTo("standby");
    await eventually(
      async () => (await platform.get("/readyz")).status,
      (status) => status === 503,
    );
    const { errors } = await platform.post('mutation { createApp(input: { code: "standby", name: "Standby" }) { id } }');
    expect(errors?.[0]?.extensions).toMatchObject({ reason: "DATABASE_UNAVAILABLE", retryable: true });
    database.leadTo("primary");
    await eventually(
      async () => (await platform.get("/readyz")).status,
      (status) => status === 200,
    );
    const { data } = await platform.post('mutation { createApp(input: { code: "standby", name: "Standby" }) { code } }');
    expect(data).toEqual({ createApp: { code: "standby" } });
  });

  it("loses no run that was acknowledged, and does none twice", async () => {
    const client = platform.client();
    const { workflowVersionId } = await prepareWorkflow(client, { code: "fail-over", name: "Fail-over", input: {}, dsl });
    // What goes on has not waited for a lease to run out: not for one that was given as the primary died either, of which nobody was told.
    await leasesLastFromNow(database.adminUrl);
    const acknowledged: string[] = [];
    let isOver = false;
    const create = async (): Promise<void> => {
      while (!isOver) {
        const created = await client.mutate(createRun, { input: { workflowVersionId, input: { text: "hello" } } }).catch(() => undefined);
        if (created?.createRun) acknowledged.push(created.createRun.id);
        else await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const creating = Array.from({ length: clients }, create);
    await eventually(
      () => acknowledged.length,
      (count) => count >= 400,
    );
    const before = acknowledged.length;
    await database.failOver();
    const firstAfter = await eventually(
      () => acknowledged.length,
      (count) => count > before + clients,
    );
    await eventually(
      () => acknowledged.length,
      (count) => count >= firstAfter + 200,
    );
    isOver = true;
    await Promise.all(creating);
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    try {
      const unfinished = async () =>
        (await admin.query<{ count: number }>("select count(*)::int from runtime.run where status < 3")).rows[0]!.count;
      await eventually(unfinished, (count) => count === 0);
      const { rows } = await admin.query<{ id: string }>("select id from runtime.run where status = 3");
      const completed = new Set(rows.map(({ id }) => id));
      expect(acknowledged.filter((id) => !completed.has(id))).toEqual([]);
      await assertInvariants(admin);
    } finally {
      await admin.end();
    }
  });

  it("takes nothing from an old primary that comes back", async () => {
    await database.oldPrimaryReturns();
    const unready = await eventually(
      () => platform.get("/readyz"),
      ({ status }) => status === 503,
    );
    expect(unready.status).toBe(503);
    const { errors } = await platform.post('mutation { createApp(input: { code: "old", name: "Old" }) { id } }');
    expect(errors?.[0]?.extensions).toMatchObject({ reason: "DATABASE_UNAVAILABLE", retryable: true });
    database.leadTo("standby");
    await eventually(
      async () => (await platform.get("/readyz")).status,
      (status) => status === 200,
    );
    const { data } = await platform.post('mutation { createApp(input: { code: "old", name: "Old" }) { code } }');
    expect(data).toEqual({ createApp: { code: "old" } });
  });
});
