/** Asking a platform that is away for a while: a run goes on without whoever watches it. */
import { setTimeout as sleep } from "node:timers/promises";
import { GraphqlRequestError, TransportError } from "#codegen/client/errors.ts";
import { LossTeller, type LossListener } from "#codegen/client/loss.ts";

/** How long a lost connection is tried again, and who is told meanwhile. */
export interface Patience extends LossListener {
  /** 60 s unless given. */
  giveUpAfterMs?: number;
}

export const defaultPatienceMs = 60_000;
const pauseMs = 500;

/** The part that is asked is away, not against it. */
const awayReasons = new Set(["SUBSCRIPTION_UPSTREAM_LOST", "SUBGRAPH_UNREACHABLE", "DATABASE_UNAVAILABLE"]);

/** Whether an error says that the platform, or a part of it, is away. */
export function isAway(error: unknown): boolean {
  return error instanceof TransportError || (error instanceof GraphqlRequestError && awayReasons.has(error.reason ?? ""));
}

/** Asks until it is answered. For questions only: what was asked may have been done. @throws the last error when it is given up, every other at once. */
export async function askPatiently<T>(ask: () => Promise<T>, patience: Patience): Promise<T> {
  const { giveUpAfterMs = defaultPatienceMs } = patience;
  const losses = new LossTeller(patience, giveUpAfterMs);
  const until = performance.now() + giveUpAfterMs;
  try {
    for (;;) {
      try {
        const answer = await ask();
        losses.regained();
        return answer;
      } catch (error) {
        if (!isAway(error) || performance.now() > until) throw error;
        losses.lost(error);
        await sleep(pauseMs);
      }
    }
  } finally {
    losses.end();
  }
}
