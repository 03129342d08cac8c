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
    made.nodeStatus("r:n", 1, "WAITING");
    made.push({ ...delta("late") });
    made.push({ ...delta("again", { attempt: 2 }) });
    expect(texts(made)).toEqual(["again"]);
    made.nodeStatus("r:n", 2, "COMPLETED");
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
});
