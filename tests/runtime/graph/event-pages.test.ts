import type { NodeContext, NodeExecutor, NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { eventFields, execute, open, take, told, type Event } from "./event-stream.ts";
import { chain, setup, type TestRuntime } from "./setup.ts";

const pages = `subscription($id: ID!, $after: String) { runEventPages(runId: $id, after: $after) { ${eventFields} } }`;
const single = `subscription($id: ID!, $after: String) { runEvents(runId: $id, after: $after) { ${eventFields} } }`;
const names = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);

async function finished(t: TestRuntime, nodes: number): Promise<string> {
  const id = await t.create(chain(...names(nodes)));
  await t.ask(execute, { id, steps: 1_000 });
  return id;
}

describe("runEventPages", () => {
  it("tells what runEvents tells, in pages of 200 events, and completes", async () => {
    const t = await setup();
    const id = await finished(t, 450);
    const seen = await take<Event[]>(await open(t, pages, { id }));
    expect(seen.map((page) => page.length)).toEqual([200, 200, seen.flat().length - 400]);
    expect(seen.flat()).toEqual(await take(await open(t, single, { id })));
  });

  it("reads run and node runs once for a page", async () => {
    const t = await setup();
    const id = await finished(t, 100);
    const stream = await open(t, pages, { id });
    const statements: string[] = [];
    t.subgraph.database.onStatement = (sql) => void statements.push(sql);
    const [page] = await take<Event[]>(stream, 1);
    expect(page!.filter(({ nodeRun }) => nodeRun?.status === "COMPLETED")).toHaveLength(100);
    // The run, its node runs, their outputs.
    expect(statements.filter((sql) => sql.startsWith("select")).length).toBeLessThanOrEqual(3);
    await stream.return!();
  });

  it("loses and repeats nothing over streams that are dropped behind a page", async () => {
    const t = await setup();
    const id = await t.create(chain(...names(100)));
    const running = (async () => {
      for (let step = 0; step < 20; step++) await t.ask(execute, { id, steps: 5 });
    })();
    const seen: Event[] = [];
    for (let drop = 0; drop < 10; drop++) {
      const stream = await open(t, pages, { id, after: seen.at(-1)?.cursor });
      seen.push(...(await take<Event[]>(stream, 1)).flat());
      await stream.return!();
    }
    seen.push(...(await take<Event[]>(await open(t, pages, { id, after: seen.at(-1)?.cursor }))).flat());
    await running;
    expect(seen.map(({ cursor }) => cursor)).toEqual((await take(await open(t, single, { id }))).map(({ cursor }) => cursor));
  });

  it("gives the text of a node while it runs, in order, in pages of so much text", async () => {
    const [said, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const words = names(60).map((name) => `${name} ${"x".repeat(3_000)} `);
    const speaking: NodeExecutor = {
      effect: "outside",
      async run(context: NodeContext): Promise<NodeOutcome> {
        for (const word of words) {
          context.delta(word);
          // Each is heard before the next is said.
          await new Promise(setImmediate);
        }
        said.resolve();
        await end.promise;
        return { kind: "completed" };
      },
    };
    const t = await setup({ speaking });
    const id = await t.create({ nodes: [{ id: "s", type: "speaking" }], edges: [] });
    const stream = await open(t, pages, { id });
    const seen = await take<Event[]>(stream, 1);
    const executing = t.ask(execute, { id });
    await said.promise;
    const text = (page: readonly Event[]) => page.map(({ delta }) => delta ?? "").join("");
    while (text(seen.flat()).length < words.join("").length) seen.push(...(await take<Event[]>(stream, 1)));
    expect(text(seen.flat())).toBe(words.join(""));
    expect(Math.max(...seen.map((page) => text(page).length))).toBeLessThanOrEqual(64 << 10);
    expect(Math.max(...seen.map((page) => page.length))).toBeGreaterThan(10);
    end.resolve();
    expect((await take<Event[]>(stream)).flat().map(told).at(-1)).toBe("RUN_STATUS COMPLETED");
    await executing;
  });
});
