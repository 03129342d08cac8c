/** The thread of LeaseRenewer. Erasable TypeScript only: it is run by Node without a build step. */
import { parentPort, workerData } from "node:worker_threads";
import { openPool } from "#shared/db/pool.ts";
import { guardProcess } from "#shared/process-guard.mjs";
import { leasesRenew, type Lease } from "../queue/renew.sql.ts";
import { definedStatements } from "../queue/statement.ts";
import { monotonicMs } from "../owner/clock.ts";
import type { RenewalReport, RenewalSettings } from "./lease-renewer.ts";
import { runNoted } from "./run-note.ts";

const { url, leaseMs, presence, patienceMs, guard, advancing } = workerData as RenewalSettings;
const applicationName = "agent-platform renewals";
const pool = openPool({ url, max: 1, scope: "engine", prepared: definedStatements(), presence, applicationName });

let leases: Lease[] = [];
let beatAtMs = monotonicMs();
let failures = 0;

parentPort?.on("message", (held: Lease[]) => {
  leases = held;
  beatAtMs = monotonicMs();
});

function report(message: RenewalReport): void {
  parentPort?.postMessage(message);
}

async function renew(): Promise<void> {
  const sentAtMs = monotonicMs();
  if (sentAtMs - beatAtMs > patienceMs) return;
  try {
    const answers = leases.length === 0 ? [] : await leasesRenew(pool, leases);
    failures = 0;
    report({
      kind: "renewed",
      sentAtMs,
      confirmed: answers.filter((answer) => answer.renewed),
      lost: answers.filter((answer) => !answer.mine),
    });
  } catch (cause) {
    // One lost connection is no outage: the next try has a new one.
    if (++failures > 1) report({ kind: "failed", message: cause instanceof Error ? cause.message : String(cause) });
    setTimeout(() => void renew(), Math.min(1_000, leaseMs / 10));
  }
}

/** The pool opens its connection by itself, and again when it is lost; each says that the process is there before it does anything else. */
async function tellPresence(): Promise<void> {
  try {
    (await pool.connect()).release();
    report({ kind: "present" });
  } catch {
    setTimeout(() => void tellPresence(), Math.min(1_000, leaseMs / 10));
  }
}

void tellPresence();
setInterval(() => {
  if (failures === 0) void renew();
}, leaseMs / 3);

if (guard !== undefined) guardProcess(guard, { turns: () => beatAtMs, doing: () => ({ runId: advancing && runNoted(advancing) }) });
