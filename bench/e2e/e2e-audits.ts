import { fileURLToPath } from "node:url";
import { E2ePlatform, latency } from "./e2e-platform.ts";
import { quantile, round, type Figure } from "../figures.ts";
import type { BenchOptions } from "../options.ts";

/** Of each platform, in turn. */
const rounds = 5;
const roundRuns = 600;
const warmRuns = 600;
/** What audits in a database and keys may add to the 95th percentile of a run, from createRun to the event of its end, at most. */
const mostMs = 10;

const discarding = fileURLToPath(new URL("../router/discarding-writer.mjs", import.meta.url));

/**
 * (h') What it costs that each operation has its row in the audit and asks for a key: two platforms as `npm start` runs them, one as it is, the other with its audits
 * discarded and auth off. They are measured in turn, so that the machine's moods reach both.
 */
export async function benchE2eAudits(options: BenchOptions): Promise<Figure[]> {
  const opened: E2ePlatform[] = [];
  try {
    const open = async (...given: Parameters<typeof E2ePlatform.open>) => {
      const platform = await E2ePlatform.open(...given);
      opened.push(platform);
      await platform.clients.make(options.runs ?? warmRuns);
      return platform;
    };
    const discarded = await open(options, { NODE_OPTIONS: `--import ${discarding}` });
    const audited = await open({ ...options, isAuthOn: true }, {});
    return await compare(discarded, audited, options.runs ?? roundRuns);
  } finally {
    for (const platform of opened) await platform.close();
  }
}

async function compare(discarded: E2ePlatform, audited: E2ePlatform, runs: number): Promise<Figure[]> {
  const latencies = new Map<E2ePlatform, number[]>([discarded, audited].map((platform) => [platform, []]));
  const failures: string[] = [];
  const differences: number[] = [];
  for (let turn = 0; turn < rounds; turn++) {
    const p95 = new Map<E2ePlatform, number>();
    for (const platform of turn % 2 === 0 ? [discarded, audited] : [audited, discarded]) {
      const done = await platform.clients.make(runs);
      failures.push(...done.failures);
      latencies.get(platform)!.push(...done.latencies);
      p95.set(platform, quantile(done.latencies, 0.95));
    }
    differences.push(p95.get(audited)! - p95.get(discarded)!);
  }
  const difference = round(quantile(differences, 0.5));
  const broken = [
    ...(difference > mostMs ? [`audits and keys add ${difference} ms to the p95 > ${mostMs}`] : []),
    ...(failures.length > 0 ? [`${failures.length} runs did not complete, one because: ${failures[0]}`] : []),
  ];
  return [
    { bench: "e2e", case: "audits discarded, auth off", values: latency(latencies.get(discarded)!) },
    { bench: "e2e", case: "audited, with keys", values: latency(latencies.get(audited)!), broken },
    { bench: "e2e", case: "audited less discarded, median of rounds", values: { p95_ms: difference } },
  ];
}
