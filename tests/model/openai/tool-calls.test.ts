import fc from "fast-check";
import type { CallPiece } from "../../../subgraphs/model/openai/answer-piece.ts";
import { createScrubber } from "#shared/secret/scrub.ts";
import { finishAtOnce } from "#shared/pieces.ts";
import { splitSteps } from "../../../subgraphs/model/openai/json-scan.ts";
import { ToolCalls } from "../../../subgraphs/model/openai/tool-calls.ts";

/** A way to send calls: what of each piece is told, where `first` says whether it is the first of its call. */
type Habit = (call: { place: number; id: string; name: string; isFirst: boolean }) => Omit<CallPiece, "arguments">;

const habits: Record<string, Habit> = {
  "as the OpenAI API does": ({ place, id, name, isFirst }) => ({ index: place, id: isFirst ? id : "", name: isFirst ? name : "" }),
  "with all in each piece": ({ place, id, name }) => ({ index: place, id, name }),
  "with index 0 for all, and ids": ({ id, name, isFirst }) => ({ index: 0, id: isFirst ? id : "", name: isFirst ? name : "" }),
  "with ids alone": ({ id, name, isFirst }) => ({ index: undefined, id, name: isFirst ? name : "" }),
  "with index 0 and no ids": ({ name, isFirst }) => ({ index: 0, id: "", name: isFirst ? name : "" }),
  "with names in each piece, index 0 and no ids": ({ name }) => ({ index: 0, id: "", name }),
  "with names alone": ({ name, isFirst }) => ({ index: undefined, id: "", name: isFirst ? name : "" }),
  "with a new id in each piece": ({ place, name, isFirst }) => ({ index: place, id: `x${serial++}`, name: isFirst ? name : "" }),
};
let serial = 0;

const called = fc.record({
  name: fc.constantFrom("f", "g", "search"),
  // A call is told from the one behind it by its arguments: whole objects, and none that is empty.
  arguments: fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, maxKeys: 3 }),
  cuts: fc.array(fc.nat(100), { maxLength: 5 }),
});

function cut(text: string, cuts: number[]): string[] {
  const places = [0, ...cuts.map((place) => 1 + (place % Math.max(1, text.length - 1))).sort((a, b) => a - b), text.length];
  return places.slice(1).map((place, index) => text.slice(places[index], place));
}

describe("tool calls", () => {
  it.each(Object.entries(habits))("are put together wherever they are cut, by a server %s", async (_, habit) => {
    await fc.assert(
      fc.asyncProperty(fc.array(called, { minLength: 1, maxLength: 4 }), async (given) => {
        const calls = new ToolCalls(createScrubber([]));
        const deltas = given.flatMap(({ name, arguments: value, cuts }, place) =>
          cut(JSON.stringify(value), cuts).flatMap((text, part) => {
            const piece = { ...habit({ place, id: `id${place}`, name, isFirst: part === 0 }), arguments: text };
            return finishAtOnce(calls.take(piece)) ?? [];
          }),
        );
        const wanted = given.map(({ name, arguments: value }) => ({ name, arguments: JSON.parse(JSON.stringify(value)) as unknown }));
        expect((await calls.finish()).map((call) => ({ name: call.name, arguments: call.arguments }))).toEqual(wanted);
        // The pieces that are shown are the whole.
        const shown = given.map((_call, place) => {
          const own = deltas.filter(({ index }) => index === place);
          return {
            name: own.map(({ name }) => name ?? "").join(""),
            arguments: JSON.parse(own.map((delta) => delta.arguments).join("")) as unknown,
          };
        });
        expect(shown).toEqual(wanted);
      }),
    );
  });

  it("are told apart in steps where a text has many that are short", () => {
    const steps = splitSteps(`${"{} ".repeat(10_000)}[]`);
    let count = 0;
    for (let step = steps.next(); ; step = steps.next(), count++)
      if (step.done === true) {
        expect([step.value?.length, count]).toEqual([10_001, 10_001]);
        break;
      }
  });

  it("are taken in steps where they are long, and are whole where they end", async () => {
    const calls = new ToolCalls(createScrubber([]));
    const text = `[${"[],".repeat(100_000)}"\\""]`;
    const piece = { index: 0, id: "a", name: "f", arguments: text };
    expect([...calls.take(piece)].length).toBeGreaterThanOrEqual(4);
    expect(calls.areWhole).toBe(true);
    expect([...calls.take({ ...piece, id: "", name: "", arguments: "]" })]).toEqual([]);
    expect(calls.areWhole).toBe(false);
    expect((await calls.finish()).map((call) => call.arguments)).toEqual([`${text}]`]);
  });

  it("come in a hundred thousand pieces, with the name in each, or as as many calls", async () => {
    const one = new ToolCalls(createScrubber([]));
    finishAtOnce(one.take({ index: 0, id: "a", name: "f", arguments: '{"x":"' }));
    for (let piece = 0; piece < 100_000; piece++) finishAtOnce(one.take({ index: 0, id: "a", name: "f", arguments: "0123456789" }));
    finishAtOnce(one.take({ index: 0, id: "a", name: "f", arguments: '"}' }));
    expect(JSON.stringify((await one.finish())[0]?.arguments)).toHaveLength(1_000_008);
    const many = new ToolCalls(createScrubber([]));
    for (let place = 0; place < 100_000; place++) finishAtOnce(many.take({ index: 0, id: `a${place}`, name: "f", arguments: "{}" }));
    expect(await many.finish()).toHaveLength(100_000);
  });
});
