import type { NodeContext, NodeExecutor, NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import type { RuntimeServices } from "../../../subgraphs/runtime/graph/runtime.context.ts";
import { numberIn } from "../../testkit/cursor-number.ts";
import { eventFields, execute, open, refusal, take, told, type Event } from "./event-stream.ts";
import { chain, rows, setup } from "./setup.ts";

const runEvents = `subscription($id: ID!, $after: String) { runEvents(runId: $id, after: $after) { ${eventFields} } }`;

describe("runEvents", () => {
  it("tells a finished run's whole story in order, and completes", async () => {
    const t = await setup();
    const id = await t.create(chain("a", "b"));
    await t.ask(execute, { id });
    const events = await take(await open(t, runEvents, { id }));
    expect(events.map(told).filter((line) => !line.includes("RUNNING"))).toEqual([
      "RUN_STATUS QUEUED",
      "NODE_STATUS a COMPLETED",
      "NODE_STATUS b COMPLETED",
      "RUN_STATUS COMPLETED",
    ]);
    const stored = await rows(t, "select seq from runtime.run_event where run_id = $1 order by seq", [id]);
    expect(events.map(({ cursor }) => numberIn(cursor))).toEqual(stored.map(({ seq }) => seq));
    expect(events.every(({ run }) => run.id === id && run.status === "COMPLETED")).toBe(true);
  });

  it("follows a run that a worker executes until it has finished", async () => {
    const t = await setup();
    const id = await t.create(chain("a", "b", "c"), { execution: "WORKERS" });
    const stream = await open(t, runEvents, { id });
    const [first] = await take(stream, 1);
    expect(first).toMatchObject({ type: "RUN_STATUS", runStatus: "QUEUED" });
    t.startWorker();
    const rest = await take(stream);
    expect(told(rest.at(-1)!)).toBe("RUN_STATUS COMPLETED");
    expect(rest.filter(({ type }) => type === "NODE_STATUS").map(({ nodeId }) => nodeId)).toEqual(["a", "b", "c"]);
  });

  it("reads run and nodeRun anew for each event", async () => {
    const t = await setup();
    const id = await t.create({ nodes: [{ id: "w", type: "wait" }], edges: [] });
    const stream = await open(t, runEvents, { id });
    expect((await take(stream, 1))[0]!.run.status).toBe("QUEUED");
    await t.ask(execute, { id });
    const waiting = (await take(stream, 2)).at(-1)!;
    await t.ask(`mutation($id: ID!) { resumeNodeRun(id: $id, input: {}) { id } }`, { id: `${id}:w` });
    const rest = await take(stream);
    expect(waiting.run.status).toBe("WAITING");
    expect(rest.at(-1)!.run.status).toBe("COMPLETED");
    expect(rest.find(({ type }) => type === "NODE_STATUS")!.nodeRun!.status).toBe("COMPLETED");
  });

  it("loses and repeats nothing over 50 dropped streams during a run of 200 nodes", async () => {
    const t = await setup();
    const id = await t.create(chain(...Array.from({ length: 200 }, (_, n) => `n${n}`)));
    const running = (async () => {
      for (let step = 0; step < 20; step++) await t.ask(execute, { id, steps: 10 });
    })();
    const seen: Event[] = [];
    for (let drop = 0; drop < 50; drop++) {
      const stream = await open(t, runEvents, { id, after: seen.at(-1)?.cursor });
      seen.push(...(await take(stream, 1 + (drop % 5))));
      const pending = stream.next();
      await stream.return!();
      await pending;
    }
    seen.push(...(await take(await open(t, runEvents, { id, after: seen.at(-1)?.cursor }))));
    await running;
    const stored = await rows(t, "select seq from runtime.run_event where run_id = $1 order by seq", [id]);
    expect(seen.map(({ cursor }) => numberIn(cursor))).toEqual(stored.map(({ seq }) => seq));
  });

  it("gives the text of a node while it runs, before its end, with the cursor of the last stored event", async () => {
    const gate = Promise.withResolvers<void>();
    const speaking: NodeExecutor = {
      effect: "outside",
      async run(context: NodeContext): Promise<NodeOutcome> {
        for (const word of ["Hel", "lo ", "world"]) context.delta(word);
        await gate.promise;
        return { kind: "completed", outputText: "Hello world" };
      },
    };
    const t = await setup({ speaking });
    const id = await t.create({ nodes: [{ id: "s", type: "speaking" }], edges: [] });
    const stream = await open(t, runEvents, { id });
    const before = await take(stream, 1);
    const executing = t.ask(execute, { id });
    const events = [...before];
    while (events.filter(({ type }) => type === "NODE_DELTA").length < 3) events.push(...(await take(stream, 1)));
    const deltas = events.filter(({ type }) => type === "NODE_DELTA");
    expect(deltas.map(({ delta }) => delta).join("")).toBe("Hello world");
    expect(deltas.every(({ nodeId, nodeRun }) => nodeId === "s" && nodeRun?.status === "RUNNING")).toBe(true);
    const stored = events.filter(({ type }) => type !== "NODE_DELTA");
    expect(deltas.every(({ cursor }) => cursor === stored.at(-1)!.cursor)).toBe(true);
    const resumed = await open(t, runEvents, { id, after: deltas.at(-1)!.cursor });
    gate.resolve();
    const rest = await take(stream);
    expect(rest.some(({ type }) => type === "NODE_DELTA")).toBe(false);
    expect((await take(resumed)).map(told)).toEqual(rest.map(told));
    await executing;
  });

  it("gives the texts of an iteration's items side by side, each by its node run, and what they used is counted once", async () => {
    const both = Promise.withResolvers<void>();
    let began = 0;
    const speaking: NodeExecutor = {
      effect: "outside",
      async run(context: NodeContext): Promise<NodeOutcome> {
        if (++began === 2) both.resolve();
        await both.promise;
        const words = ["I ", "am ", `item ${String(context.scope.index)}`];
        for (const word of words) {
          context.delta(word);
          // The other one speaks.
          await new Promise(setImmediate);
        }
        return { kind: "completed", outputText: words.join(""), usage: { modelCalls: 1, promptTokens: 10, completionTokens: 3 } };
      },
    };
    const t = await setup({ speaking });
    const body = { nodes: [{ id: "say", type: "speaking" }], edges: [] };
    const each = { id: "each", type: "iteration", config: { items: [1, 2], parallel: 2, body } };
    const id = await t.create({ nodes: [each], edges: [] }, { execution: "WORKERS" });
    const stream = await open(t, runEvents, { id });
    t.startWorker();
    const events = await take(stream);
    const texts: Record<string, string> = {};
    for (const { nodeRun, delta } of events) if (delta !== null && nodeRun !== null) texts[nodeRun.id] = (texts[nodeRun.id] ?? "") + delta;
    expect(texts).toEqual({ [`${id}:each#0/say`]: "I am item 0", [`${id}:each#1/say`]: "I am item 1" });
    const { run } = await t.ask<{ run: object }>(
      `query($id: ID!) { run(id: $id) { outputJson usage { modelCalls promptTokens completionTokens } } }`,
      { id },
    );
    expect(run).toEqual({ outputJson: ["I am item 0", "I am item 1"], usage: { modelCalls: 2, promptTokens: 20, completionTokens: 6 } });
  });

  it("asks the database nothing for the text of a node", async () => {
    const [say, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const speaking: NodeExecutor = {
      effect: "outside",
      async run(context: NodeContext): Promise<NodeOutcome> {
        await say.promise;
        for (let word = 0; word < 200; word++) {
          context.delta(`${word} `);
          // Each is heard before the next is said.
          await new Promise(setImmediate);
        }
        await end.promise;
        return { kind: "completed" };
      },
    };
    const t = await setup({ speaking });
    const id = await t.create({ nodes: [{ id: "s", type: "speaking" }], edges: [] });
    const { control } = t.subgraph.context({ tenantId: "t1", requestId: "test" }).services as RuntimeServices;
    const readEvents = control.readEvents.bind(control);
    let reads = 0;
    control.readEvents = (call) => {
      reads++;
      return readEvents(call);
    };
    const stream = await open(t, "subscription($id: ID!) { runEvents(runId: $id) { type delta } }", { id });
    const executing = t.ask(execute, { id });
    const events = await take(stream, 2);
    const readBefore = reads;
    const began = performance.now();
    say.resolve();
    while (events.filter(({ type }) => type === "NODE_DELTA").length < 200) events.push(...(await take(stream, 1)));
    // Its net is a poll a second.
    expect(reads - readBefore).toBeLessThanOrEqual(2 + (performance.now() - began) / 900);
    end.resolve();
    await executing;
  });

  it("asks the database one statement before the first events are there", async () => {
    const t = await setup();
    const id = await t.create(chain("a"));
    const { control } = t.subgraph.context({ tenantId: "t1", requestId: "test" }).services as RuntimeServices;
    const readEvents = control.readEvents.bind(control);
    let reads = 0;
    control.readEvents = (call) => {
      reads++;
      return readEvents(call);
    };
    const statements: string[] = [];
    t.subgraph.database.onStatement = (sql) => void statements.push(sql);
    // Of a run whose event this is the id is known.
    const stream = await open(t, "subscription($id: ID!) { runEvents(runId: $id) { type run { id } } }", { id });
    expect(await take(stream, 1)).toEqual([{ type: "RUN_STATUS", run: { id } }]);
    expect([reads, statements]).toEqual([1, []]);
    await stream.return!();
  });

  it("ends at once when the client leaves while it waits", async () => {
    const t = await setup();
    const id = await t.create(chain("a"));
    const stream = await open(t, runEvents, { id });
    await take(stream, 1);
    const pending = stream.next();
    await stream.return!();
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it("refuses unknown and foreign runs with NOT_FOUND, and a bad cursor", async () => {
    const t = await setup();
    const id = await t.create(chain("a"));
    const refused = (field: string, variables: Record<string, unknown>, tenantId?: string) =>
      refusal(t, `subscription($id: ID!, $after: String) { ${field}(runId: $id, after: $after) { cursor } }`, variables, tenantId);
    for (const field of ["runEvents", "runEventPages", "nodeRunUpdated", "traceSpanRecorded"]) {
      expect(await refused(field, { id: "nope" })).toBe("NOT_FOUND RUN_NOT_FOUND");
      expect(await refused(field, { id: "no\u0000pe" })).toBe("NOT_FOUND RUN_NOT_FOUND");
      expect(await refused(field, { id }, "t2")).toBe("NOT_FOUND RUN_NOT_FOUND");
      expect(await refused(field, { id, after: "x" })).toBe("BAD_USER_INPUT CURSOR_INVALID");
    }
  });
});

describe("nodeRunUpdated and traceSpanRecorded", () => {
  it("give the changes of node runs, and the spans of their calls, and complete", async () => {
    const calling: NodeExecutor = {
      effect: "outside",
      run: (context) => {
        context.span("HTTP", "GET /").end();
        return Promise.resolve({ kind: "completed" });
      },
    };
    const t = await setup({ calling });
    const id = await t.create({ nodes: [...chain("a").nodes, { id: "c", type: "calling" }], edges: [{ source: "a", target: "c" }] });
    const updates = await open(t, `subscription($id: ID!) { nodeRunUpdated(runId: $id) { cursor at status nodeRun { nodeId status } } }`, {
      id,
    });
    const spans = await open(
      t,
      `subscription($id: ID!) { traceSpanRecorded(runId: $id) { cursor span { spanType nodeRun { nodeId } run { id } } } }`,
      { id },
    );
    await t.ask(execute, { id });
    const seen = await take<{ status: string; nodeRun: { nodeId: string } }>(updates);
    expect(seen.map(({ status, nodeRun }) => `${nodeRun.nodeId} ${status}`)).toEqual(["a COMPLETED", "c RUNNING", "c COMPLETED"]);
    expect(await take(spans)).toMatchObject([{ span: { spanType: "HTTP", nodeRun: { nodeId: "c" }, run: { id } } }]);
  });
});
