import type { Json } from "#shared/json.ts";
import type { NodeOutput, RunState } from "./run-state.ts";

/** What a completed run answers. */
export interface RunOutput {
  outputText: string | null;
  outputJson: Json;
}

/**
 * The run's output: the texts of its completed answer nodes in document order, joined by a blank line, and the last one's JSON. Where no
 * answer node completed: the output of the completed last nodes (none of their edges was taken), keyed by node id when there are several.
 */
export function runOutput(run: RunState): RunOutput {
  const answers = completed(run, (index) => run.plan.nodes[index]?.type === "answer");
  if (answers.length > 0) return { outputText: joinTexts(answers), outputJson: answers.at(-1)?.[1].output ?? null };
  const last = completed(run, (index) => run.takenOutgoing[index] === 0);
  const [only] = last;
  if (only !== undefined && last.length === 1) return { outputText: only[1].text, outputJson: only[1].output };
  if (last.length === 0) return { outputText: null, outputJson: null };
  return { outputText: joinTexts(last), outputJson: Object.fromEntries(last.map(([id, { output, text }]) => [id, output ?? text])) };
}

function completed(run: RunState, isWanted: (index: number) => boolean): [id: string, output: NodeOutput][] {
  return run.plan.nodes
    .filter((node) => run.phases[node.index] === "COMPLETED" && isWanted(node.index))
    .map((node) => [node.id, run.outputs[node.id] ?? { output: null, text: null }]);
}

function joinTexts(outputs: readonly [id: string, output: NodeOutput][]): string | null {
  const texts = outputs.flatMap(([, { text }]) => (text === null ? [] : [text]));
  return texts.length === 0 ? null : texts.join("\n\n");
}
