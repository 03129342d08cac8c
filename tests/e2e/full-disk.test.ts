/** The platform on a small disk of its own that fills up. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync, rmSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { createRun } from "../../cli/client/documents.ts";
import { startOwnPlatform, type OwnPlatform } from "../../cli/client/trials/own-platform.ts";
import { diskTrouble } from "../../cli/database/disk-watch.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { eventually } from "../testkit/eventually.ts";

const disk = mountedDisk();
const onSmallDisk = disk === undefined ? describe.skip : describe;
if (disk === undefined) process.stderr.write("a full disk is not tried: nothing may be mounted here\n");

/** A folder that is a file system of 200 MB; undefined where nobody may mount one. */
function mountedDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "agent-platform-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200m,mode=755", "tmpfs", folder], { stdio: "ignore" });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

onSmallDisk("on a full disk", () => {
  const folder = disk ?? "";
  const dataDir = join(folder, "data");
  const filler = join(folder, "filler");
  let platform: OwnPlatform;
  let client: GraphClient;
  let workflowVersionId: string;

  beforeAll(async () => {
    mkdirSync(dataDir);
    platform = await startOwnPlatform({ environment: process.env, dataDir });
    client = createClient({ url: platform.graphUrl, tenantId: "t1" });
    const dsl = { nodes: [{ id: "a", type: "answer", config: { answer: "hi" } }], edges: [] };
    ({ workflowVersionId } = await prepareWorkflow(client, { code: "disk", name: "Disk", input: {}, dsl }));
  }, 600_000);

  afterAll(async () => {
    rmSync(filler, { force: true });
    await client.close();
    await platform.stop();
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  });

  function fill(): void {
    const descriptor = openSync(filler, "w");
    const block = Buffer.alloc(64 << 10);
    try {
      for (;;) writeSync(descriptor, block);
    } catch (cause) {
      expect(cause).toMatchObject({ code: "ENOSPC" });
    } finally {
      closeSync(descriptor);
    }
  }

  /** Creates a run. @returns the error's code and reason, and whether it may be tried again; or "created". */
  async function create(): Promise<string> {
    try {
      // Large enough to want new pages.
      await client.mutate(createRun, { input: { workflowVersionId, input: { text: "x".repeat(200_000) + Math.random() } } });
      return "created";
    } catch (error) {
      const { code, reason, retryable } = (error as { errors?: { extensions: Record<string, unknown> }[] }).errors?.[0]?.extensions ?? {};
      return `${String(code)} ${String(reason)}${retryable === true ? " retryable" : ""}`;
    }
  }

  const readiness = async () => {
    const response = await fetch(new URL("/readyz", platform.graphUrl));
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    return { status: response.status, checks };
  };

  /** Until it is as it was before. */
  async function recovered(): Promise<void> {
    await eventually(create, (said) => said === "created");
    await eventually(readiness, ({ status }) => status === 200);
  }

  it("says that it is full, refuses what it cannot store as a thing to try again, and recovers by itself", async () => {
    fill();
    const { status, checks } = await eventually(readiness, (seen) => seen.status === 503);
    expect({ status, platform: checks["platform"] }).toEqual({ status: 503, platform: expect.stringMatching(/The disk of .* is full/) });
    const refused = "DOWNSTREAM_UNAVAILABLE DATABASE_UNAVAILABLE retryable";
    await eventually(create, (said) => said !== "created");
    expect(await create()).toBe(refused);
    expect((await fetch(new URL("/livez", platform.graphUrl))).status).toBe(200);
    rmSync(filler);
    await recovered();
  }, 300_000);

  it("waits with a PostgreSQL that ended for want of space, and starts it when there is some", async () => {
    fill();
    await eventually(readiness, (seen) => seen.status === 503);
    const socket = encodeURIComponent(join(dataDir, "postgres-socket"));
    const admin = new pg.Client({ connectionString: `postgres://postgres@/postgres?host=${socket}` });
    admin.on("error", () => {});
    await admin.connect();
    const panics = async () => {
      for (;;) await admin.query("select pg_switch_wal(), pg_logical_emit_message(true, 'disk', 'full')");
    };
    await expect(panics()).rejects.toThrow();
    await admin.end().catch(() => {});
    await eventually(readiness, ({ checks }) => /PostgreSQL has ended/.test(checks["platform"] ?? ""));
    expect(await create()).toBe("DOWNSTREAM_UNAVAILABLE DATABASE_UNAVAILABLE retryable");
    rmSync(filler);
    await recovered();
  }, 300_000);

  it("tells a disk that the system has made read-only from one that can be written to", async () => {
    const readOnly = join(folder, "read-only");
    mkdirSync(readOnly);
    expect(await diskTrouble([readOnly])).toBeUndefined();
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", readOnly]);
    try {
      expect(await diskTrouble([dataDir, readOnly])).toMatch(/^The disk of .*read-only is read-only\. Nothing is lost/);
    } finally {
      execFileSync("umount", [readOnly]);
    }
    expect(await diskTrouble([readOnly])).toBeUndefined();
  });
});
