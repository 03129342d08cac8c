import { EventLog, loggedEvents } from "../../router/graphiql/event-log.ts";

const event = (fields: object) => ({ data: { runEvents: fields } });

describe("a subscription in GraphiQL", () => {
  it("has its deltas in one piece by node, and its other events with the newest above", () => {
    const log = new EventLog();
    log.add(event({ nodeId: "ask", nodeStatus: "RUNNING", delta: null }));
    log.add(event({ nodeId: "ask", nodeStatus: null, delta: "One " }));
    log.add(event({ nodeId: "say", nodeStatus: null, delta: "Other" }));
    log.add(event({ nodeId: "ask", nodeStatus: null, delta: "two." }));
    expect(log.add(event({ nodeId: "ask", nodeStatus: "COMPLETED", delta: null }))).toEqual({
      text: { ask: "One two.", say: "Other" },
      events: [
        { runEvents: { nodeId: "ask", nodeStatus: "COMPLETED", delta: null } },
        { runEvents: { nodeId: "ask", nodeStatus: "RUNNING", delta: null } },
      ],
    });
  });

  it.each([
    [
      "a page of deltas",
      {
        data: {
          runEventPages: [
            { nodeId: "a", delta: "x" },
            { nodeId: "a", delta: "y" },
          ],
        },
      },
      { a: "xy" },
      0,
    ],
    [
      "a page that has more",
      {
        data: {
          runEventPages: [
            { nodeId: "a", delta: "x" },
            { nodeId: "a", delta: null },
          ],
        },
      },
      { a: "x" },
      1,
    ],
    ["a model's stream", { data: { chatCompletionStream: { delta: "Hi" } } }, { text: "Hi" }, 0],
    ["an empty page", { data: { runEventPages: [] } }, undefined, 1],
    ["nothing", { data: null }, undefined, 1],
    ["an error beside a delta", { data: { runEvents: { delta: "x" } }, errors: [{ message: "away" }] }, { text: "x" }, 1],
  ])("takes %s", (_what, answer, text, listed) => {
    const view = new EventLog().add(answer);
    expect(view.text).toEqual(text);
    expect(view.events).toHaveLength(listed);
  });

  it("shows an answer with errors whole", () => {
    const refused = { data: null, errors: [{ message: "No run 1." }] };
    expect(new EventLog().add(refused)).toEqual({ events: [refused] });
  });

  it("keeps 50 events and 128 Ki characters of them, the newest always, and says how many are older", () => {
    const many = new EventLog();
    for (let n = 0; n < 60; n++) many.add(event({ n }));
    const { events, older } = many.add(event({ n: 60 }));
    expect(events).toHaveLength(50);
    expect(events[0]).toEqual({ runEvents: { n: 60 } });
    expect(older).toBe(11);
    const long = "x".repeat(100_000);
    const large = new EventLog();
    large.add(event({ long }));
    expect(large.add(event({ long, last: true }))).toEqual({ events: [{ runEvents: { long, last: true } }], older: 1 });
    expect(large.add(event({ long: long.repeat(3) })).events).toHaveLength(1);
    for (let n = 0; n < 3; n++) large.add(event({ delta: long }));
    expect(large.add(event({ delta: "end" })).text!["text"]).toHaveLength(128 * 1_024);
  });

  it("ends at once when it is stopped between two events", async () => {
    const isStopped = Promise.withResolvers<void>();
    const source: AsyncIterableIterator<{ data: null }> = {
      next: () => new Promise(() => {}),
      return: async () => {
        isStopped.resolve();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const events = loggedEvents(source);
    void events.next();
    await events.return!();
    await isStopped.promise;
  });
});
