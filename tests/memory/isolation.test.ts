import { AppError } from "#shared/errors.ts";
import { isolated, type Ask } from "../../subgraphs/memory/embedding/isolation.ts";
import type { WaitingMemory } from "../../subgraphs/memory/embedding/embedding-queue.sql.ts";

const waiting = (...texts: string[]): WaitingMemory[] => texts.map((text) => ({ id: text, revision: 1, failures: 0, text }));
const failure = new AppError("DOWNSTREAM_UNAVAILABLE", "MODEL_PROVIDER_FAILED", "It failed.", { retryable: true });

/** Isolates texts, of which a model fails by `bad` and makes shorter vectors of `odd`. */
async function isolate(...texts: string[]) {
  const limits: number[] = [];
  const ask: Ask = (asked, limitMs) => {
    limits.push(limitMs);
    if (asked.includes("bad")) return Promise.reject(failure);
    return Promise.resolve(asked.map((text) => new Float32Array(text === "odd" ? 2 : 3)));
  };
  const { vectors, dimension, refused, failed } = await isolated(ask, waiting(...texts));
  const told = (rows: typeof failed) => rows.map(({ memory, problem }) => [memory.text, problem]);
  return {
    limits,
    found: { vectors: [...vectors.keys()].map(({ text }) => text), dimension, refused: told(refused), failed: told(failed) },
  };
}

describe("the texts by which a model fails", () => {
  it("are found where it has first to be loaded: of the time for a batch its first answer may take most", async () => {
    const { limits, found } = await isolate("a", "b", "c", "bad");
    expect(found).toEqual({ vectors: ["a", "b", "c"], dimension: 3, refused: [], failed: [["bad", "MODEL_PROVIDER_FAILED"]] });
    expect(limits[0]).toBe(40_000);
    expect(Math.max(...limits.slice(1))).toBe(12_000);
  });

  it("are told from those of which it makes vectors that cannot be compared with others", async () => {
    const { found } = await isolate("odd", "bad");
    expect(found).toEqual({
      ...{ vectors: [], dimension: 3 },
      refused: [["odd", "EMBEDDINGS_UNUSABLE"]],
      failed: [["bad", "MODEL_PROVIDER_FAILED"]],
    });
  });
});
