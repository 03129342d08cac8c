/** Every way of a user with authentication on, from an empty data folder: as README.md says it, with real processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createClient } from "#codegen/client/client.ts";
import type { GraphqlRequestError } from "#codegen/client/errors.ts";
import { graphql } from "#codegen/graph/gql.ts";
import { runningInstance } from "../../cli/process/instance-lock.ts";
import { runCli, type CliProcess, type Ended } from "../cli/cli-process.ts";
import { eventually } from "../testkit/eventually.ts";
import { freePorts } from "../testkit/free-ports.ts";
import { postTo } from "../testkit/platform.ts";

const [, pasted = ""] = /^```bash\n(export AGENT_PLATFORM_API_KEY=[^]*?)^```$/m.exec(readFileSync("README.md", "utf8")) ?? [];

let dataDir: string;
let smokePort: number;
let platform: CliProcess;
let url: string;
/** Made by the first test, as a user makes it. */
let key: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "agent-platform-keyed-"));
  await chmod(dataDir, 0o755);
  [smokePort = 0] = await freePorts(1);
  platform = runCli("real", ["start"], {
    ...own(),
    AGENT_PLATFORM_PORT: "0",
    AGENT_PLATFORM_AUTH_REQUIRED: "true",
    AGENT_PLATFORM_EGRESS_ALLOW: `127.0.0.1:${smokePort}`,
  });
  await platform.says("Ctrl-C stops it");
  url = runningInstance(dataDir)!.graphUrl!;
}, 600_000);

afterAll(async () => {
  platform.child.kill("SIGTERM");
  await platform.ended;
  await rm(dataDir, { recursive: true, force: true });
});

const own = () => ({ AGENT_PLATFORM_DATA_DIR: dataDir });
const cli = (argv: string[], environment: Record<string, string> = {}): Promise<Ended> =>
  runCli("real", argv, { ...own(), ...environment }).ended;
const withKey = (apiKey: string) => ({ AGENT_PLATFORM_API_KEY: apiKey });

const runs = graphql(`
  query KeyedRuns {
    runs {
      nodes {
        id
        status
      }
    }
  }
`);
const pages = graphql(`
  subscription KeyedPages($runId: ID!, $after: String) {
    runEventPages(runId: $runId, after: $after) {
      cursor
      runStatus
    }
  }
`);

describe("a platform that asks for keys", () => {
  it("says in its banner how the first one is made; README's lines make it, and a smoke test and a run with it", async () => {
    await platform.says("on: every request needs an API key");
    await platform.says(`Make it: AGENT_PLATFORM_DATA_DIR='${dataDir}' node cli/bin.mjs keys create --tenant t1\n`);
    const lines = pasted
      .replaceAll("http://127.0.0.1:4000/graphql", url)
      .replace("smoke --url", `smoke --http-port ${smokePort} --url`)
      .replace("export", "set -e; export");
    const shell = spawn("bash", ["-c", `${lines} 2>&1; echo "KEY $AGENT_PLATFORM_API_KEY"`], {
      env: { PATH: process.env["PATH"], ...own() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [said, , [code]] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, "close")]);
    expect([code, said]).toEqual([0, expect.stringMatching(/\d+ passed, 0 failed, \d skipped/)]);
    expect(said).toContain("✓ run completed");
    key = /KEY (agp_\w+)/.exec(said)![1]!;
    // Of the reader that the last line makes.
    const reader = [...said.matchAll(/^agp_\w{61}$/gm)].map(([found]) => found)[0]!;
    expect((await postTo(url, "{ runs { nodes { id } } }", {}, { "x-tenant-id": "", "x-api-key": reader })).errors).toBeUndefined();
  });

  it.each<[string, string[]]>([
    ["run", ["run", "examples/lead-scoring.json", "--follow"]],
    ["run without --follow", ["run", "examples/lead-scoring.json"]],
    ["audit export", ["audit", "export"]],
    ["smoke", ["smoke", "--url", "URL"]],
    ["follow", ["follow", "RUN"]],
  ])(
    "answers `%s` with a key of the flag or the environment, and tells whoever has none, or a wrong one, what to do",
    async (_name, argv) => {
      const runId = await someRun();
      const asked = argv.map((word) => (word === "URL" ? url : word === "RUN" ? runId : word));
      if (asked[0] === "smoke") asked.push("--http-port", String(smokePort));
      const none = await cli(asked);
      expect([none.code, none.output]).toEqual([
        1,
        expect.stringMatching(/An API key is needed\.[^]*--api-key agp_…, or AGENT_PLATFORM_API_KEY[^]*keys create --tenant t1/),
      ]);
      const wrong = await cli(asked, withKey(`${key.slice(0, -1)}~`));
      expect([wrong.code, wrong.output]).toEqual([1, expect.stringMatching(/is not accepted\.[^]*--api-key agp_…/)]);
      const other = await cli([...asked, "--tenant", "t2"], withKey(key));
      expect([other.code, other.output]).toEqual([1, expect.stringMatching(/not one of tenant t2\.[^]*leave --tenant out/)]);
      for (const { output } of [none, wrong, other]) expect(output).not.toMatch(/\n +at /);
      expect(await cli(asked, withKey(key))).toMatchObject({ code: 0 });
      expect(await cli([...asked, "--api-key", key])).toMatchObject({ code: 0 });
    },
  );

  it("has its keys listed and revoked beside it, by whoever has the data folder", async () => {
    const made = await cli(["keys", "create", "--tenant", "t2", "--scopes", "runner", "--json"]);
    const { secret, id } = JSON.parse(made.output) as { secret: string; id: string };
    expect((await cli(["keys", "list", "--tenant", "t2"])).output).toMatch(new RegExp(`^${id} .*ACTIVE.*t2`, "m"));
    expect((await postTo(url, "{ runs { nodes { id } } }", {}, { "x-tenant-id": "", "x-api-key": secret })).data).toEqual({
      runs: { nodes: [] },
    });
    expect((await cli(["keys", "revoke", secret.slice(0, 16)])).code).toBe(0);
    expect((await cli(["keys", "list", "--tenant", "t2"])).output).toContain("REVOKED");
  });

  it("answers the typed client over HTTP and WebSocket, and a stream of events; refusals are final, with their reason", async () => {
    const runId = await someRun();
    const client = createClient({ url, apiKey: key });
    expect((await client.query(runs, {})).runs!.nodes.length).toBeGreaterThan(0);
    const statuses: unknown[] = [];
    for await (const { runEventPages: page } of client.subscribe(pages, { runId })) statuses.push(...page!.map((event) => event.runStatus));
    expect(statuses.at(-1)).toBe("COMPLETED");
    await client.close();

    const stream = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: `subscription { runEvents(runId: "${runId}") { runStatus } }` }),
    });
    expect(await stream.text()).toContain('"runStatus":"COMPLETED"');

    for (const [options, code, reason] of [
      [{}, "UNAUTHENTICATED", "KEY_MISSING"],
      [{ apiKey: "agp_no" }, "UNAUTHENTICATED", "KEY_INVALID"],
      [{ apiKey: key, tenantId: "t2" }, "TENANT_MISMATCH", "TENANT_MISMATCH"],
    ] as const) {
      const refused = createClient({ url, ...options });
      await expect(refused.query(runs, {})).rejects.toMatchObject({ code, reason });
      // It would be tried again for a minute, if it were taken for a lost connection.
      const failure = await Array.fromAsync(refused.subscribe(pages, { runId })).catch((cause: unknown) => cause as GraphqlRequestError);
      expect(failure).toMatchObject({ name: "GraphqlRequestError", code, reason });
      await refused.close();
    }
  });

  it("has what its worker was kept from in the export of the tenant's audits", async () => {
    const file = join(dataDir, "kept-out.json");
    const config = { source_url: "http://127.0.0.1:9/documents", query: "x" };
    await writeFile(file, JSON.stringify({ nodes: [{ id: "look", type: "knowledge-retrieval", config }], edges: [] }));
    expect((await cli(["run", file, "--follow"], withKey(key))).code).toBe(1);
    const exported = () => cli(["audit", "export"], withKey(key));
    const { output } = await eventually(exported, (found) => found.output.includes("EGRESS_BLOCKED"));
    const rows = output.split("\n").filter((line) => line.includes("EGRESS_BLOCKED"));
    expect(rows.map((row) => JSON.parse(row) as object)).toMatchObject([
      { event: "EGRESS_BLOCKED", details: { reason: "EGRESS_DENIED", nodeId: "look", attempt: 1 } },
    ]);
  });

  it("is none of a demo's: that has a platform of its own, whatever the environment says of keys and databases", async () => {
    const { code, output } = await cli(["demo"], {
      AGENT_PLATFORM_AUTH_REQUIRED: "true",
      AGENT_PLATFORM_HOST: "0.0.0.0",
      AGENT_PLATFORM_DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    });
    expect([code, output]).toEqual([0, expect.stringContaining("✓ run completed")]);
  });
});

async function someRun(): Promise<string> {
  const answer = await postTo(
    url,
    "{ runs(filter: { status: COMPLETED }, first: 1) { nodes { id } } }",
    {},
    { "x-tenant-id": "", "x-api-key": key },
  );
  return (answer.data as { runs: { nodes: { id: string }[] } }).runs.nodes[0]!.id;
}
