/**
 * An update without a stop: the version before (the commit in from.txt, checked out beside this one, with today's packages) and this one serve one database, whose
 * schema is today's. What either makes the other executes; the old one is stopped in the middle of it.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { createRun } from "../../cli/client/documents.ts";
import { startOwnPlatform, type OwnPlatform } from "../../cli/client/trials/own-platform.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { crashesOf, rememberCrashes } from "../testkit/counted-crashes.ts";
import { createTestDatabase, type TestDatabase } from "../testkit/database.ts";
import { eventually } from "../testkit/eventually.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { assertInvariants } from "../testkit/invariants.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const from = readFileSync(join(root, "tests/upgrade/from.txt"), "utf8").trim();
const git = (...parameters: string[]) =>
  execFileSync("git", ["-C", root, ...parameters], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const clients = 4;
/** Of a client between two runs: what is looked for is who has a part in them, not how many there can be. */
const pauseMs = 20;
/** A look reads all that was made. */
const look = { everyMs: 1_000 };
/** Runs that the new version makes while the old one stops, and after. */
const runsAfter = 100;

/** Rests in the middle, as its call fails the first time; so another worker may go on with it than the one that began it. */
const documentOf = (url: string) => ({
  nodes: [
    { id: "first", type: "template-transform", config: { template: "{{ input.text }}" } },
    { id: "call", type: "tool", config: { url: `${url}/once?run={{ input.text }}` }, retry: { max_attempts: 2, backoff_seconds: 0.05 } },
    { id: "which", type: "if-else", config: { expression: "input.n % 2 == 0" } },
    { id: "even", type: "assigner", config: { assignments: { parity: "even" } } },
    { id: "last", type: "answer", config: { answer: "{{ nodes.first.text }} {{ state.parity }}" } },
  ],
  edges: [
    { source: "first", target: "call" },
    { source: "call", target: "which" },
    { source: "which", target: "even", condition: "true" },
    { source: "which", target: "last", condition: "false" },
    { source: "even", target: "last" },
  ],
});

/** Answers each run's first call with 503. */
async function startShop(): Promise<TestHttpServer> {
  const server = await startHttpServer();
  const seen = new Set<string>();
  server.on("GET /once", ({ path }, response) => {
    response.statusCode = seen.has(path) ? 200 : 503;
    seen.add(path);
    response.end("{}");
  });
  return server;
}

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
  let shop: TestHttpServer;
  const platforms: OwnPlatform[] = [];
  const opened: GraphClient[] = [];

  beforeAll(async () => {
    tree = checkOut();
    [database, shop] = await Promise.all([createTestDatabase(), startShop()]);
    await rememberCrashes(database.adminUrl);
    for (const program of [join(tree, "cli/bin.mjs"), join(root, "cli/bin.mjs")]) {
      const settings = { DATABASE_URL: database.url, ENCRYPTION_KEY: "cd".repeat(32), EGRESS_ALLOW: shop.hostPort, LOG_LEVEL: "error" };
      // oxlint-disable-next-line node/no-process-env -- what `npm start` is started with
      platforms.push(await startOwnPlatform({ program, settings, environment: process.env }));
    }
  });

  afterAll(async () => {
    await Promise.all(opened.map((client) => client.close()));
    await Promise.all(platforms.map((platform) => platform.stop()));
    await shop?.close();
    await database?.drop();
    if (tree === undefined) return;
    git("worktree", "remove", "--force", tree);
    rmSync(join(tree, ".."), { recursive: true, force: true });
  });

  it("execute each other's runs and go on with what the other has begun, and the old one stops under load without loss or crash", async () => {
    const [before, now] = platforms.map(({ graphUrl }) => {
      const client = createClient({ url: graphUrl, tenantId: "t1" });
      opened.push(client);
      return client;
    });
    const given = { code: "upgrade", name: "Upgrade", input: {}, dsl: documentOf(shop.url) };
    const { workflowVersionId } = await prepareWorkflow(before!, given);
    const made: Record<"before" | "now", string[]> = { before: [], now: [] };
    let isOldOver = false;
    let isOver = false;
    const make = async (by: keyof typeof made, client: GraphClient, isDone: () => boolean): Promise<void> => {
      for (let n = 0; !isDone(); n++) {
        const input = { workflowVersionId, input: { text: `${by}-${made[by].length}-${n}`, n } };
        const { createRun: run } = await client.mutate(createRun, { input });
        made[by].push(run!.id);
        await setTimeout(pauseMs);
      }
    };
    const all = (...of: Parameters<typeof make>) => Promise.all(Array.from({ length: clients }, () => make(...of)));
    const making = [all("before", before!, () => isOldOver), all("now", now!, () => isOver)];
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    try {
      // Whichever is whose: both had a part in what either made, and each went on with what the other had begun.
      const parts = async () => {
        const { rows } = await admin.query<{ run: string; first: string | null; last: string | null }>(
          `select run_id as run, min(split_part(worker_key, ':', 2)) filter (where node_id = 'first') as first,
             min(split_part(worker_key, ':', 2)) filter (where node_id = 'last' and status = 3) as last from runtime.node_run group by 1`,
        );
        const begun = (ids: ReadonlySet<string>) =>
          new Set(rows.filter(({ run, first }) => first !== null && ids.has(run)).map(({ first }) => first)).size;
        const takeovers = new Set(
          rows
            .filter(({ first, last }) => last !== null && first !== null && first !== last)
            .map(({ first, last }) => `${first} > ${last}`),
        );
        return { before: begun(new Set(made.before)), now: begun(new Set(made.now)), takeovers: takeovers.size };
      };
      await eventually(parts, (seen) => seen.before >= 2 && seen.now >= 2 && seen.takeovers >= 2, look);
      isOldOver = true;
      await making[0];
      // Runs of both are under way, and come as before.
      await platforms.shift()!.stop();
      const stopped = made.now.length;
      await eventually(
        () => made.now.length,
        (count) => count >= stopped + runsAfter,
      );
      isOver = true;
      await making[1];
      const statuses = async () =>
        (await admin.query<{ status: number; count: number }>("select status, count(*)::int from runtime.run group by 1")).rows;
      const expected = [{ status: 3, count: made.before.length + made.now.length }];
      expect(await eventually(statuses, (seen) => seen.every(({ status }) => status >= 3), look)).toEqual(expected);
      expect(await crashesOf(database.adminUrl)).toEqual([]);
      const { rows } = await admin.query("select run_id from runtime.node_run where error_code = 'WORKER_CRASHED'");
      expect(rows).toEqual([]);
      await assertInvariants(admin);
    } finally {
      isOldOver = isOver = true;
      await admin.end();
    }
  });
});
