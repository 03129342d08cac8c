import type { Json } from "#shared/json.ts";
import type { RunFacts } from "#shared/template/scope.ts";

/** What is stored of them with a run. */
export interface StoredFacts {
  id: string;
  sessionId: string | null;
  history: Json[] | null;
  /** What stands for its creation, in milliseconds. */
  scopeNowMs: number;
}

/** What templates see as `run` and `session`: the same for every owner and every reader. */
export function runFacts({ id, sessionId, history, scopeNowMs }: StoredFacts): RunFacts {
  return { run: { id, now: new Date(scopeNowMs).toISOString() }, session: { id: sessionId, history: history ?? [] } };
}
