/** Samples of the smoke test that say themselves what is wrong. */
import type { SmokeResult } from "./smoke-result.ts";

/** A name, and what gives all that is wrong, in words; nothing is. @throws what makes it fail */
export type JudgedSample = [name: string, run: () => Promise<string[]>];

type Judged = Pick<SmokeResult, "outcome" | "details">;

/** Runs samples, one after the other. */
export async function runJudged(samples: readonly JudgedSample[], hear: (result: SmokeResult) => void): Promise<SmokeResult[]> {
  const results: SmokeResult[] = [];
  for (const [name, run] of samples) {
    const started = performance.now();
    const result = await run().then(judged, refused);
    results.push({ name, ...result, ms: Math.round(performance.now() - started) });
    hear(results.at(-1)!);
  }
  return results;
}

function judged(details: string[]): Judged {
  return { outcome: details.length === 0 ? "passed" : "failed", details };
}

function refused(error: unknown): Judged {
  if (error instanceof HostFailure) return { outcome: "skipped", details: [`this host: ${error.message}`] };
  return { outcome: "failed", details: [error instanceof Error ? error.message : String(error)] };
}

/** The host does not let the platform call the test's server: no fault of the platform. */
class HostFailure extends Error {}

/** Lets a sample be skipped whose run could not call the test's server. */
export function requireEgress(run: { errorCode?: string | null; errorMessage?: string | null } | null | undefined): void {
  if (run?.errorCode === "EGRESS_DENIED") throw new HostFailure(`${run.errorCode}: ${run.errorMessage}`);
}
