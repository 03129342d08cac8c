import fc from "fast-check";
import type { Json } from "#shared/json.ts";
import type { NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { storableOutcome } from "../../../subgraphs/runtime/nodes/storable.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

/** Characters of all kinds, NUL, halves and those that SQL, arrays and JSON escape among them. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom("\u0000", "\ud83d", "\ude00", "\u{1F600}", '"', "\\", "\n", "\u001f", "{", "}", ",", "a"),
    maxLength: 6,
  }),
  fc.constantFrom("", "NULL", "null", "\\u0000", "\\ud800", "__proto__", "x".repeat(3_000)),
);
const number = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1e308, -1e308, 5e-324, 2 ** 53, 0.1 + 0.2, Number.NaN, Number.POSITIVE_INFINITY),
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false),
    number,
    text,
    fc.array(tie("json"), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(text, tie("json")), { maxLength: 4, selector: ([key]) => key }).map((entries) => Object.fromEntries(entries)),
  ),
}));
/** An outcome as texts of JSON, without what is in its strings. */
const shape = ({ outputJson, stateUpdates, artifacts }: Extract<NodeOutcome, { kind: "completed" }>) =>
  [outputJson ?? null, stateUpdates ?? null, artifacts?.[0]?.contentJson ?? null].map((value) =>
    JSON.stringify(value).replaceAll(/"(?:[^"\\]|\\.)*"/g, '""'),
  );
const nested = fc.integer({ min: 200, max: 300 }).map((levels) => Array.from({ length: levels }).reduce<Json>((inner) => [inner], "deep"));
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const outcomes = fc.record({
  outputText: some(text),
  outputJson: some(fc.oneof({ weight: 9, arbitrary: json }, { weight: 1, arbitrary: nested })),
  state: some(json),
  file: some(json),
});

describe("what a node puts out", () => {
  it("is stored and read back as it was, or refused by the rule before it reaches the database", async () => {
    const t = await EngineFixture.open();
    const byNode = new Map<string, NodeOutcome>();
    t.worker({ executors: () => ({ effect: "pure", run: ({ nodeId }) => byNode.get(nodeId) ?? { kind: "completed" } }) });
    let kept = 0;
    let refused = 0;
    const property = fc.asyncProperty(fc.array(outcomes, { minLength: 30, maxLength: 30 }), async (drawn) => {
      byNode.clear();
      const given = drawn.map(({ outputText, outputJson, state, file }, index): [string, NodeOutcome] => [
        `n${index}`,
        {
          kind: "completed",
          ...(outputText !== undefined && { outputText }),
          ...(outputJson !== undefined && { outputJson }),
          ...(state !== undefined && { stateUpdates: { [`s${index}`]: state } }),
          ...(file !== undefined && { artifacts: [{ artifactType: "FILE", contentJson: file }] }),
        },
      ]);
      for (const [id, outcome] of given) byNode.set(id, outcome);
      const runs = await Promise.all(given.map(([id]) => t.create(plan([node(id, "any")]))));
      const views = await Promise.all(runs.map((runId) => t.finished(runId)));
      for (const [index, [, outcome]] of given.entries()) {
        const { outcome: expected } = storableOutcome(outcome);
        const { rows } = await t.pool.query(
          `select n.error_message, coalesce(n.output_text, o.content_text) as text, coalesce(n.output_json, o.content_json)::text as json, n.state_updates::text as updates,
             (select content_json::text from runtime.artifact f where f.run_id = n.run_id and f.artifact_type = 'FILE') as file
           from runtime.node_run n left join runtime.artifact o on o.id = n.output_artifact_id where n.run_id = $1`,
          [runs[index]],
        );
        const view = views[index]!;
        if (expected.kind === "failed") {
          refused++;
          // The rule's own words: no flush was refused for it.
          expect(rows).toEqual([{ error_message: expected.message, text: null, json: null, updates: null, file: null }]);
          expect(view).toMatchObject({ status: "FAILED", errorCode: "OUTPUT_NOT_STORABLE" });
          continue;
        }
        kept++;
        // Itself, but for characters that were replaced.
        const done = expected as Extract<NodeOutcome, { kind: "completed" }>;
        expect(shape(done)).toEqual(shape(outcome as typeof done));
        const asText = (value: Json | undefined) => (value === undefined || value === null ? null : JSON.stringify(value));
        expect(rows).toEqual([
          {
            error_message: null,
            text: done.outputText ?? null,
            json: asText(done.outputJson),
            updates: asText(done.stateUpdates),
            file: asText(done.artifacts?.[0]?.contentJson),
          },
        ]);
        expect(view.status).toBe("COMPLETED");
        expect(JSON.stringify(view.state)).toBe(JSON.stringify(done.stateUpdates ?? {}));
      }
    });
    await fc.assert(property, { numRuns: 8 });
    expect(Math.min(kept, refused)).toBeGreaterThan(20);
  });
});
