import { EvaluationThreads, type EvaluationLimits } from "#shared/evaluation/threads.ts";
import type { Job, JobCall } from "#shared/evaluation/job.ts";
import { AppError } from "#shared/errors.ts";
import { longestTurnAtBest } from "../../testkit/longest-turn.ts";

const module = new URL("./test-jobs.ts", import.meta.url).href;

function jobOf(name: string, limitMs = 60_000): Job<unknown, unknown> {
  const told = (reason: string) => () => new AppError("RESOURCE_EXHAUSTED", reason, reason);
  return { module, name, limitMs, maxResultChars: 100_000, tooSlow: told("TOO_SLOW"), tooLarge: told("TOO_LARGE") };
}

const opened: EvaluationThreads[] = [];
function open(limits: Partial<EvaluationLimits> = {}): EvaluationThreads {
  const threads = new EvaluationThreads(limits);
  opened.push(threads);
  return threads;
}
afterEach(async () => {
  for (const threads of opened.splice(0)) await threads.close();
});

const of = (tenantId: string, more: Partial<JobCall> = {}): JobCall => ({ tenantId, whenBusy: "wait", ...more });
const reasonOf = (answer: Promise<unknown>) =>
  answer.then(
    () => "done",
    (error: unknown) => (error instanceof AppError ? error.reason : String(error)),
  );

describe("a job in a thread", () => {
  it("gives back what its function made of its arguments, as JSON has it", async () => {
    const threads = open();
    const value = { list: [1, null, "a\u0000é\ud83d", -0.5], own: JSON.parse('{"__proto__": {"a": 1}}') };
    expect(await threads.run(jobOf("echo"), value, of("a"))).toEqual(value);
    expect(await threads.run(jobOf("echo"), 1, of("a", { text: "beside" }))).toEqual({ args: 1, text: "beside" });
  });

  it("refuses as its function does, and its bug is nobody's AppError", async () => {
    const threads = open();
    await expect(threads.run(jobOf("refuse"), null, of("a"))).rejects.toMatchObject({ reason: "TEST_REFUSED", facts: { field: "x" } });
    await expect(threads.run(jobOf("stumble"), null, of("a"))).rejects.toThrow("evaluate stumble");
  });

  it("is ended at its limit; the next one has a new thread", async () => {
    const threads = open();
    expect(await reasonOf(threads.run(jobOf("spin", 100), null, of("a")))).toBe("TOO_SLOW");
    expect(await threads.run(jobOf("echo"), 1, of("a"))).toBe(1);
  });

  it("fails alone when its thread has no more memory", async () => {
    const threads = open();
    const beside = threads.run(jobOf("compute"), { ms: 300 }, of("b"));
    expect(await reasonOf(threads.run(jobOf("hoard"), null, of("a")))).toBe("TOO_LARGE");
    expect(await beside).toBe(300);
    expect(await threads.run(jobOf("echo"), 1, of("a"))).toBe(1);
  });

  it("is told that its result is too large", async () => {
    expect(await reasonOf(open().run(jobOf("write"), { chars: 200_000 }, of("a")))).toBe("TOO_LARGE");
  });

  it("leaves the queue when its signal fires", async () => {
    const threads = open({ threads: 1 });
    const stop = new AbortController();
    const begun: string[] = [];
    const first = threads.run(jobOf("compute"), { ms: 200 }, of("a", { begins: () => void begun.push("first") }));
    const second = threads.run(jobOf("echo"), 1, of("a", { signal: stop.signal, begins: () => void begun.push("second") }));
    const third = threads.run(jobOf("echo"), 1, of("a", { begins: () => void begun.push("third") }));
    stop.abort(new Error("nobody waits"));
    await expect(second).rejects.toThrow("nobody waits");
    await Promise.all([first, third]);
    // Each is told when its turn has come.
    expect(begun).toEqual(["first", "third"]);
    expect(threads.heldBytes).toBe(0);
  });
});

describe("the turns of tenants", () => {
  it("give each tenant its turn, however many jobs another has", async () => {
    const threads = open({ threads: 1 });
    const order: string[] = [];
    const run = (tenantId: string, name: string) => threads.run(jobOf("compute"), { ms: 5 }, of(tenantId)).then(() => order.push(name));
    const many = Array.from({ length: 20 }, (_, index) => run("many", `many ${index}`));
    await Promise.all([...many, run("one", "one"), run("other", "other")]);
    expect(order.indexOf("one")).toBeLessThan(4);
    expect(order.indexOf("other")).toBeLessThan(4);
  });

  it("leave a thread to the others while one tenant computes", async () => {
    const threads = open();
    const long = [1, 2, 3].map(() => reasonOf(threads.run(jobOf("spin", 1_000), null, of("a"))));
    const order: string[] = [];
    void long[0]!.then(() => order.push("the long one"));
    expect(await threads.run(jobOf("echo"), 1, of("b"))).toBe(1);
    expect(order).toEqual([]);
    await Promise.all(long);
  });
});

describe("what waits for a thread", () => {
  // Long texts, so that little beside them counts.
  const text = "x".repeat(40_000);

  it("is bounded in bytes; one tenant has at most half, and is told when to come again", async () => {
    const threads = open({ queueBytes: 200_000 });
    const call = (tenantId: string) => of(tenantId, { text, whenBusy: "refuse" });
    const answers = [1, 2, 3, 4].map(() => reasonOf(threads.run(jobOf("echo"), null, call("a"))));
    const others = [1, 2].map(() => reasonOf(threads.run(jobOf("echo"), null, call("b"))));
    await expect(threads.run(jobOf("echo"), null, call("a"))).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "EVALUATION_BUSY",
      facts: { retryAfterMs: 1_000, retryable: true },
    });
    expect((await Promise.all(answers)).sort()).toEqual(["EVALUATION_BUSY", "EVALUATION_BUSY", "done", "done"]);
    expect(await Promise.all(others)).toEqual(["done", "done"]);
    expect(threads.heldBytes).toBe(0);
  });

  it("waits for room where the caller does, and all is done", async () => {
    const threads = open({ queueBytes: 200_000 });
    const large = Array.from({ length: 700 }, () => "y".repeat(100));
    const runs = Array.from({ length: 8 }, (_, index) => threads.run(jobOf("echo"), { index, large }, of("a")));
    const made = (await Promise.all(runs)) as { index: number }[];
    expect(made.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(threads.heldBytes).toBe(0);
  });

  it("is refused when one job alone is more than a tenant may have, or has more than a million values", async () => {
    const threads = open({ queueBytes: 200_000 });
    expect(await reasonOf(threads.run(jobOf("echo"), ["z".repeat(150_000)], of("a")))).toBe("TOO_LARGE");
    const values = Array.from({ length: 1_000_001 }, () => 1);
    expect(await reasonOf(open().run(jobOf("echo"), values, of("a")))).toBe("TOO_LARGE");
  });

  it("is told so where it may not wait for ever", async () => {
    const threads = open({ threads: 1, patienceMs: 50 });
    const long = threads.run(jobOf("compute"), { ms: 1_000 }, of("a"));
    expect(await reasonOf(threads.run(jobOf("echo"), 1, of("b", { whenBusy: "refuse" })))).toBe("EVALUATION_BUSY");
    await long;
  });

  it("costs the main loop no long turn, however large it is and however much comes at once", async () => {
    const threads = open();
    const words = Array.from({ length: 150_000 }, (_, index) => `word ${index}`);
    const value = { words, long: "é".repeat(5_000_000), keys: Object.fromEntries(words.slice(0, 50_000).map((word) => [word, 1])) };
    const many = Array.from({ length: 200 }, (_, index) => ({ index, words: words.slice(0, 3_000) }));
    const size = { ...jobOf("echo"), maxResultChars: 100 };
    const { longestMs } = await longestTurnAtBest(() =>
      Promise.all([reasonOf(threads.run(size, value, of("a"))), ...many.map((one) => reasonOf(threads.run(size, one, of("b"))))]),
    );
    expect(longestMs).toBeLessThan(100);
  });
});

describe("the threads", () => {
  it("end with the pool, and so does what waits", async () => {
    const threads = open();
    const running = reasonOf(threads.run(jobOf("spin"), null, of("a")));
    const waiting = reasonOf(threads.run(jobOf("echo"), null, of("a")));
    // Until the first has begun.
    await threads.run(jobOf("echo"), null, of("b"));
    await threads.close();
    expect(await Promise.all([running, waiting])).toEqual(["Error: evaluate spin", "Error: evaluate echo"]);
  });
});
