import type { Json } from "#shared/json.ts";
import { openValidation, validated } from "../subgraphs/workflow/validation.ts";
import { quantile, round, type Figure } from "./figures.ts";

const nodes = 2_000;
const mostMs = 50;
/** Of the main thread's processor: to hand the document over, and to take the answer. */
const mostLoopMs = 15;

interface Graph {
  nodes: Json[];
  edges: Json[];
}

/** A graph of so many nodes: chains that name what is before them, each fifth of them an iteration around the rest, four deep. */
function nested(count: number, depth: number): Graph {
  const width = depth === 1 ? count : 5;
  const within = Math.floor((count - width) / width);
  const ids = Array.from({ length: width }, (_, index) => `n${depth}-${index}`);
  const made = ids.map((id, index): Json => {
    const before = ids[index - 1];
    const template = `{{ input.text }}${before === undefined ? "" : ` {{ nodes.${before}.output }}`}`;
    if (depth === 1) return { id, type: "template-transform", config: { template } };
    return {
      id,
      type: "iteration",
      config: { items: "{{ input.rows }}", output: "{{ item }}", body: nested(within, depth - 1) as unknown as Json },
    };
  });
  return { nodes: made, edges: ids.slice(1).map((target, index): Json => ({ source: ids[index]!, target })) };
}

function nodesOf(graph: Graph): number {
  const bodies = graph.nodes.map((node) => (node as unknown as { config: { body?: Graph } }).config.body);
  return graph.nodes.reduce<number>((sum, _, index) => sum + 1 + (bodies[index] === undefined ? 0 : nodesOf(bodies[index])), 0);
}

/** A nested document of some 2,000 nodes, validated as `validateDsl` and a new version are, in a thread; the gates: 50 ms, and none of it in the main loop. */
export async function benchValidation(samples = 30): Promise<Figure[]> {
  const evaluation = openValidation();
  try {
    const graph = nested(nodes, 4);
    const taken: number[] = [];
    const inLoop: number[] = [];
    let issues = 0;
    for (let sample = -5; sample < samples; sample++) {
      // A copy: what is being validated already is not validated again.
      const document = structuredClone(graph) as unknown as Json;
      const [began, used] = [performance.now(), process.threadCpuUsage()];
      issues += (await validated(evaluation, "bench", { document, maxTimeoutSeconds: 600 })).length;
      if (sample < 0) continue;
      taken.push(performance.now() - began);
      const { user, system } = process.threadCpuUsage(used);
      inLoop.push((user + system) / 1_000);
    }
    const values = {
      ms: round(quantile(taken, 0.5)),
      p99: round(quantile(taken, 0.99)),
      loop_ms: round(quantile(inLoop, 0.5)),
      nodes: nodesOf(graph),
    };
    const broken = [
      ...(values.ms > mostMs ? [`a document of ${values.nodes} nodes took ${values.ms} ms`] : []),
      ...(values.loop_ms > mostLoopMs ? [`the main loop was taken for ${values.loop_ms} ms`] : []),
      ...(issues > 0 ? [`the document has ${issues} problems`] : []),
    ];
    return [{ bench: "validation", case: `${nodes} nested nodes`, values, broken }];
  } finally {
    await evaluation.close();
  }
}
