import type { Tx } from "#shared/db/database.ts";
import { PullStream } from "#shared/stream/pull-stream.ts";
import type { NodeRun } from "../node-runs/node-run.entity.ts";
import type { WaitingNodeRunFilter } from "../node-runs/node-run.inputs.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { databaseNow, placeAt, waitingBehind, type WaitingCondition, type WaitingPlace } from "./waiting.sql.ts";
import { waitingCondition } from "./waiting.service.ts";

const pollMs = 2_000;
const pageRows = 200;
/** A row says when its owner let it wait, by the database's clock; it is seen when its flush is stored, which may be so much later. */
const overlapMs = 10_000;

/** Node runs that begin to wait for somebody, each once. */
export async function waitingStream(
  context: RuntimeContext,
  filter: WaitingNodeRunFilter | null | undefined,
): Promise<PullStream<NodeRun>> {
  const { db, hints, loaders } = context;
  const condition = waitingCondition(filter) ?? { reasons: [] };
  const seen = new SeenPlaces((await db.read(databaseNow)) - overlapMs);
  const fresh = (): Promise<WaitingPlace[]> => db.read((tx) => freshPlaces(tx, seen, condition));
  // What waits already is no news.
  for (let rows = await fresh(); rows.length > 0; rows = await fresh()) seen.add(rows);
  return PullStream.open({
    pollMs,
    listen: (wake) => hints.subscribe("waiting", db.tenantId, wake),
    async read() {
      const nowMs = await db.read(databaseNow);
      const rows = await fresh();
      seen.add(rows);
      if (rows.length === 0) seen.forgetBefore(nowMs - overlapMs);
      const nodeRuns = await Promise.all(rows.map(({ id }) => loaders.nodeRun.clear(id).load(id)));
      return { items: nodeRuns.filter((nodeRun) => nodeRun !== null), done: false };
    },
  });
}

/** The next that were not seen, as far as there are any. */
async function freshPlaces(tx: Tx, seen: SeenPlaces, condition: WaitingCondition): Promise<WaitingPlace[]> {
  let after = placeAt(seen.fromMs);
  for (;;) {
    const rows = await waitingBehind(tx, after, condition, pageRows);
    const found = rows.filter(({ key }) => !seen.has(key));
    const last = rows.at(-1);
    if (found.length > 0 || rows.length < pageRows || last === undefined) return found;
    after = last.key;
  }
}

/** Places that were told, as far as they may be read again. */
class SeenPlaces {
  readonly #keys = new Map<string, number>();
  /** From when on is read. */
  fromMs: number;

  constructor(fromMs: number) {
    this.fromMs = fromMs;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(places: readonly WaitingPlace[]): void {
    for (const { key } of places) this.#keys.set(key, Number(key.slice(0, key.indexOf("_"))) / 1_000);
  }

  forgetBefore(ms: number): void {
    this.fromMs = Math.max(this.fromMs, ms);
    for (const [key, atMs] of this.#keys) if (atMs < this.fromMs) this.#keys.delete(key);
  }
}
