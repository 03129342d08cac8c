/**
 * An update without a stop: the version before (the commit in from.txt, checked out beside this one, with today's packages) and this one serve one database, whose
 * schema is today's. What either makes the other executes; the old one is stopped in the middle of it.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { createRun } from "../../cli/client/documents.ts";
import { startOwnPlatform, type OwnPlatform } from "../../cli/client/own-platform.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { createTestDatabase, type TestDatabase } from "../testkit/database.ts";
import { eventually } from "../testkit/eventually.ts";
import { assertInvariants } from "../testkit/invariants.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const from = readFileSync(join(root, "tests/upgrade/from.txt"), "utf8").trim();
const git = (...parameters: string[]) =>
  execFileSync("git", ["-C", root, ...parameters], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Of each version; the old one is stopped when half of its are acknowledged. */
const runs = 200;
const clients = 4;

const dsl = {
  nodes: [
    { id: "first", type: "template-transform", config: { template: "{{ input.text }}" } },
    { id: "which", type: "if-else", config: { expression: "input.n % 2 == 0" } },
    { id: "even", type: "assigner", config: { assignments: { parity: "even" } } },
    { id: "last", type: "answer", config: { answer: "{{ nodes.first.text }} {{ state.parity }}" } },
  ],
  edges: [
    { source: "first", target: "which" },
    { source: "which", target: "even", condition: "true" },
    { source: "which", target: "last", condition: "false" },
    { source: "even", target: "last" },
  ],
};

/** The version before, as files. @throws Error where the history does not have it */
function checkOut(): string {
  try {
    git("cat-file", "-e", `${from}^{commit}`);
  } catch {
    throw new Error(`the commit ${from} of tests/upgrade/from.txt is not in this clone: fetch its whole history (git fetch --unshallow)`);
  }
  const folder = mkdtempSync("/tmp/agent-platform-upgrade-");
  chmodSync(folder, 0o755);
  const tree = join(folder, "before");
  git("worktree", "add", "--force", "--detach", tree, from);
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  return tree;
}

describe("two versions on one database", () => {
  let database: TestDatabase;
  let tree: string;
  const platforms: OwnPlatform[] = [];
  const opened: GraphClient[] = [];

  beforeAll(async () => {
    tree = checkOut();
    database = await createTestDatabase();
    for (const program of [join(tree, "cli/bin.mjs"), join(root, "cli/bin.mjs")]) {
      const settings = { DATABASE_URL: database.url, ENCRYPTION_KEY: "cd".repeat(32), LOG_LEVEL: "error" };
      // oxlint-disable-next-line node/no-process-env -- what `npm start` is started with
      platforms.push(await startOwnPlatform({ program, settings, environment: process.env }));
    }
  });

  afterAll(async () => {
    await Promise.all(opened.map((client) => client.close()));
    await Promise.all(platforms.map((platform) => platform.stop()));
    await database?.drop();
    if (tree === undefined) return;
    git("worktree", "remove", "--force", tree);
    rmSync(join(tree, ".."), { recursive: true, force: true });
  });

  it("execute each other's runs, and the old one stops under load without loss or crash", async () => {
    const [before, now] = platforms.map(({ graphUrl }) => {
      const client = createClient({ url: graphUrl, tenantId: "t1" });
      opened.push(client);
      return client;
    });
    const { workflowVersionId } = await prepareWorkflow(before!, { code: "upgrade", name: "Upgrade", input: {}, dsl });
    const made: string[] = [];
    const make = async (client: GraphClient, most: number): Promise<void> => {
      for (let n = 0; n < most; n++) {
        const { createRun: run } = await client.mutate(createRun, { input: { workflowVersionId, input: { text: `run ${n}`, n } } });
        made.push(run!.id);
      }
    };
    const all = (client: GraphClient, count: number) => Promise.all(Array.from({ length: clients }, () => make(client, count / clients)));
    const old = all(before!, runs / 2).then(() => platforms.shift()!.stop());
    await Promise.all([old, all(now!, runs)]);
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    try {
      const statuses = async () =>
        (
          await admin.query<{ status: number; count: number; crashes: number }>(
            "select r.status, count(*)::int, coalesce(max(w.crashes), 0)::int as crashes from runtime.run r left join runtime.work w on w.run_id = r.id group by 1",
          )
        ).rows;
      const expected = [{ status: 3, count: made.length, crashes: 0 }];
      expect(await eventually(statuses, (seen) => seen.every(({ status }) => status >= 3))).toEqual(expected);
      const { rows } = await admin.query<{ owners: number; crashed: number }>(
        "select count(distinct split_part(worker_key, ':', 2))::int as owners, count(*) filter (where error_code = 'WORKER_CRASHED')::int as crashed from runtime.node_run",
      );
      // Both had a part in it.
      expect(rows[0]).toEqual({ owners: 2, crashed: 0 });
      await assertInvariants(admin);
    } finally {
      await admin.end();
    }
  });
});
