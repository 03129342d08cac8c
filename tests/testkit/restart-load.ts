/** Clients that make runs while a platform's processes come and go: each sends what was not answered again, by its idempotency key, as docs/operations.md says. */
import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "#shared/json.ts";
import { postTo, type GraphAnswer } from "./platform.ts";

/** One kind of run: a mutation that answers with `made { id }`, and its input but for the key. */
export interface LoadKind {
  mutation: string;
  input: JsonObject;
}

/** Clients at work. */
export interface RestartLoad {
  /** Ids of the runs that were acknowledged so far. */
  made: string[];
  /** Resolves when so many more have been. @throws Error where a client was told no. */
  more(count: number): Promise<void>;
  /** Ends it, when all that was sent is answered. @throws Error where a client was told no, or one key had two runs. */
  stop(): Promise<void>;
}

const againMs = 50;

/** Starts so many clients, who take turns at the kinds. */
export function startLoad(url: string, kinds: readonly LoadKind[], clients: number): RestartLoad {
  const made: string[] = [];
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  let isOver = false;
  let serial = 0;
  const waiting = new Set<() => void>();
  const client = async (): Promise<void> => {
    while (!isOver) {
      const number = serial++;
      const { mutation, input } = kinds[number % kinds.length]!;
      made.push(await acknowledged(url, mutation, { ...input, idempotencyKey: `load-${number}` }));
      for (const look of waiting) look();
    }
  };
  const working = Promise.all(Array.from({ length: clients }, client)).catch((cause: unknown) => failure.reject(cause as Error));
  return {
    made,
    async more(count) {
      const wanted = made.length + count;
      const enough = new Promise<void>((resolve) => {
        const look = () => {
          if (made.length < wanted) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
      await Promise.race([enough, failure.promise]);
    },
    async stop() {
      isOver = true;
      await Promise.race([working.then(() => {}), failure.promise]);
      if (new Set(made).size !== made.length) throw new Error("one run was acknowledged for two keys");
    },
  };
}

type AnswerError = NonNullable<GraphAnswer["errors"]>[number];
const noAnswer: Pick<GraphAnswer, "errors"> & { data?: unknown } = { errors: [{ message: "no answer", extensions: { retryable: true } }] };

/** Nothing was done, or it may have been: with its key it may be sent again either way. */
function isPassing({ extensions }: AnswerError): boolean {
  return extensions["retryable"] === true || (extensions["code"] === "DOWNSTREAM_UNAVAILABLE" && extensions["effectUnknown"] === true);
}

/** Sends it until it is answered. @throws Error where the answer is no, and not to be tried again. */
async function acknowledged(url: string, mutation: string, input: JsonObject): Promise<string> {
  for (;;) {
    // Nobody listens, or the connection was cut: it may have been done.
    const answer = await postTo(url, mutation, { input }).catch(() => noAnswer);
    const id = (answer.data as { made?: { id: string } } | undefined)?.made?.id;
    if (id !== undefined) return id;
    if (answer.errors?.every(isPassing) !== true) throw new Error(`refused: ${JSON.stringify(answer)}`);
    await pause(againMs);
  }
}
