import type { BenchDsl, BenchEngine } from "./engine.ts";
import { quantile, round, type Figure } from "./figures.ts";

const count = 1_000;

type Node = BenchDsl["nodes"][number];

const line: Node = { id: "line", type: "template-transform", config: { template: "x" } };
const add: Node = { id: "add", type: "assigner", config: { assignments: { "loop.n": "{{ loop.n | plus: 1 }}" } } };
const items = Array.from({ length: count }, (_, index) => index);

function bodyOf(nodes: Node[]): { nodes: Node[]; edges: BenchDsl["edges"] } {
  return { nodes, edges: [] };
}

/** As many items, one after the other, with the same nodes. */
function iterationOf(...nodes: Node[]): BenchDsl {
  return { nodes: [{ id: "each", type: "iteration", config: { items, body: bodyOf(nodes) } }], edges: [] };
}

/** Rounds that count, and ask each time whether that is enough. */
const loop: BenchDsl = {
  nodes: [
    {
      id: "loop",
      type: "loop",
      config: { until: `loop.n >= ${count}`, max_rounds: count, variables: { n: 0 }, body: bodyOf([line, add]) },
    },
  ],
  edges: [],
};

const workflow = { workflow_version_id: "v", input: { index: "{{ index }}" } };
const subWorkflows: BenchDsl = {
  ...iterationOf({ id: "sub", type: "sub-workflow", config: workflow }),
  workflows: { v: bodyOf([line]) },
};

/** What is measured, beside an iteration that does the same; the gate is how many times as long it may take. */
const cases: Record<string, { what: string; dsl: BenchDsl; beside: BenchDsl; most: number }> = {
  loop: { what: `${count} rounds`, dsl: loop, beside: iterationOf(line, { ...line, id: "other" }), most: 2 },
  "sub-workflow": { what: `${count} of them`, dsl: subWorkflows, beside: iterationOf(line), most: 2.5 },
};

/** Rounds of a loop, or sub-workflows in the items of an iteration, beside an iteration with the same nodes, in turns. */
export async function benchNested(name: keyof typeof cases, engine: BenchEngine, samples = 5): Promise<Figure[]> {
  const { what, dsl, beside, most } = cases[name]!;
  const worker = await engine.startWorker();
  const took = async (document: BenchDsl): Promise<number> => {
    const began = performance.now();
    await worker.whenEnded(await engine.createPlanned(document));
    return performance.now() - began;
  };
  try {
    const [besideMs, ownMs]: number[][] = [[], []];
    for (let sample = 0; sample < samples; sample++) {
      besideMs!.push(await took(beside));
      ownMs!.push(await took(dsl));
    }
    const ms = quantile(ownMs!, 0.5);
    const times = ms / quantile(besideMs!, 0.5);
    const broken = times > most ? [`${what} took ${round(times)} times as long as an iteration`] : [];
    return [{ bench: name, case: what, values: { ms: round(ms), times: round(times) }, broken }];
  } finally {
    await worker.stop();
  }
}
