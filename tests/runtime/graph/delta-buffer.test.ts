import { DeltaBuffer, type Delta } from "../../../subgraphs/runtime/graph/watching/delta-buffer.ts";

const delta = (text: string, more: Partial<Delta> = {}): Delta => ({
  nodeRunId: "r:n",
  attempt: 1,
  epoch: 0,
  offset: 0,
  seq: 5,
  text,
  ...more,
});
const texts = (buffer: DeltaBuffer, seq = 100) => buffer.takeBefore(seq).map(({ text }) => text);
const buffer = (...hints: Delta[]) => {
  const made = new DeltaBuffer();
  for (const hint of hints) made.push({ ...hint });
  return made;
};

describe("DeltaBuffer", () => {
  it("gives deltas in the order they came, each once", () => {
    const made = buffer(delta("a"), delta("b", { offset: 1 }), delta("b", { offset: 1 }), delta("a"));
    expect(texts(made)).toEqual(["a", "b"]);
    expect(texts(made)).toEqual([]);
  });

  it("keeps those that were produced behind events which are still to come", () => {
    const made = buffer(delta("a", { seq: 5 }), delta("b", { seq: 7, offset: 1 }));
    expect(texts(made, 6)).toEqual(["a"]);
    expect(texts(made, 8)).toEqual(["b"]);
  });

  it("drops deltas of an attempt, or an owner, that is over", () => {
    const made = buffer(
      delta("old"),
      delta("new", { attempt: 2 }),
      delta("old", { offset: 3 }),
      delta("newer", { attempt: 2, epoch: 1 }),
      delta("dead", { attempt: 2, offset: 3 }),
    );
    expect(texts(made)).toEqual(["old", "new", "newer"]);
  });

  it("drops deltas of a node whose end was stored, but not those of its next attempt", () => {
    const made = buffer();
    made.nodeStatus("r:n", 1, "WAITING", 6);
    made.push({ ...delta("late") });
    made.push({ ...delta("again", { attempt: 2 }) });
    expect(texts(made)).toEqual(["again"]);
    made.nodeStatus("r:n", 2, "COMPLETED", 9);
    made.push({ ...delta("late", { attempt: 2, offset: 5 }) });
    expect(texts(made)).toEqual([]);
  });

  it("holds 1,000 at most, and takes no hint that is no delta", () => {
    const made = new DeltaBuffer();
    expect(made.push(undefined)).toBeNull();
    expect(made.push({ text: "x" })).toBeNull();
    for (let n = 0; n < 1_000; n++) expect(made.push({ ...delta("x", { offset: n }) })).toMatchObject({ offset: n });
    expect(made.push({ ...delta("x", { offset: 1_000 }) })).toBeNull();
    expect(texts(made)).toHaveLength(1_000);
  });

  it("holds a MiB of text at most", () => {
    const made = new DeltaBuffer();
    const text = "x".repeat(1024);
    for (let n = 0; n < 900; n++) made.push(delta(text, { offset: n * 1024 }));
    expect(made.push(delta("x".repeat(200_000), { offset: 900 * 1024 }))).toBeNull();
    expect(made.push(delta(text, { offset: 900 * 1024 }))).not.toBeNull();
    expect(texts(made)).toHaveLength(901);
    expect(made.push(delta("x".repeat(1024 * 1024), { offset: 901 * 1024 }))).not.toBeNull();
    expect(made.push(delta("x", { offset: 1925 * 1024 }))).toBeNull();
  });

  it("knows of 3,000 items that have ended the last thousand, and knows the open ones however many end beside them", () => {
    const made = new DeltaBuffer();
    const items = (count: number): void => {
      for (let item = 0; item < count; item++) {
        const name = `r:each#${item}/ask`;
        made.nodeStatus(name, 1, "RUNNING", 10 + 2 * item);
        made.push(delta("x", { nodeRunId: name, seq: 10 + 2 * item }));
        expect(texts(made, 11 + 2 * item)).toEqual(["x"]);
        made.nodeStatus(name, 1, "COMPLETED", 11 + 2 * item);
      }
    };
    made.nodeStatus("r:beside", 1, "RUNNING", 5);
    items(1_100);
    items(3_000);
    made.push(delta("late", { nodeRunId: "r:each#2999/ask", offset: 1, seq: 6_008 }));
    made.push(delta("much too late", { nodeRunId: "r:each#3/ask", offset: 1, seq: 16 }));
    made.push(delta("in time", { nodeRunId: "r:beside", seq: 5 }));
    made.push(delta("of one that began before this was listened to", { nodeRunId: "r:before", seq: 6_009 }));
    // Nothing tells it from that one any more.
    made.push(delta("of one that was forgotten", { nodeRunId: "r:each#3/ask", offset: 1, seq: 6_009 }));
    made.push(delta("of one that was not", { nodeRunId: "r:each#2001/ask", offset: 1, seq: 6_009 }));
    expect(texts(made, 30_000)).toEqual(["in time", "of one that began before this was listened to", "of one that was forgotten"]);
  });

  it("knows 10,000 that are open, and forgets the one that was longest not heard of", () => {
    const made = new DeltaBuffer();
    const say = (name: number) => {
      made.push(delta("x", { nodeRunId: `r:${name}` }));
      return texts(made);
    };
    for (let name = 0; name < 10_000; name++) say(name);
    expect(say(0)).toEqual([]);
    made.nodeStatus("r:0", 1, "RUNNING", 6);
    say(10_000);
    expect([say(0), say(2), say(1)]).toEqual([[], [], ["x"]]);
  });
});
