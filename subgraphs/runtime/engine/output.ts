import type { Json } from "#shared/json.ts";
import type { Frame, NodeOutput, NodeState } from "./frame.ts";
import { pathBeneath } from "./path.ts";

/** JSON of so many bytes is written without a thought. */
const smallBytes = 64 * 1024;

/** The answer of a completed run. */
export interface RunOutput {
  outputText: string | null;
  outputJson: Json;
}

/**
 * The run's output: the texts of its completed answer nodes in document order, joined by a blank line, and the last one's JSON. Where no
 * answer node completed: the output of the completed last nodes (none of their edges was taken), keyed by node id when there are several.
 */
export function runOutput(root: Frame): RunOutput {
  const { answers, last } = giving(root);
  if (answers.length > 0) return { outputText: joinTexts(answers), outputJson: answers.at(-1)?.[1].output ?? null };
  const [only] = last;
  if (only !== undefined && last.length === 1) return { outputText: only[1].text, outputJson: only[1].output };
  if (last.length === 0) return { outputText: null, outputJson: null };
  return { outputText: joinTexts(last), outputJson: Object.fromEntries(last.map(([id, { output, text }]) => [id, output ?? text])) };
}

/**
 * Whether the output of a run that has completed takes more than `maxBytes`. Only that of several nodes together can: each is bounded by itself. It is found out
 * part by part, so that what is too large is never put together.
 *
 * @param jsonBytesOf  what is known of a node's output; of one that is not small it is not found out again.
 */
export function isOutputLarger(root: Frame, maxBytes: number, jsonBytesOf: (path: string) => number = () => 0): boolean {
  const { answers, last } = giving(root);
  const parts = answers.length > 0 ? answers : last;
  if (parts.length < 2) return false;
  let bytes = 0;
  return parts.some(([id, { output, text }]) => {
    bytes += Buffer.byteLength(text ?? "");
    const known = jsonBytesOf(pathBeneath(root.path, id));
    if (answers.length === 0) bytes += known > smallBytes ? known : Buffer.byteLength(JSON.stringify(output ?? text));
    return bytes > maxBytes;
  });
}

/** A node in whose failure's place a default stands gives that. */
const isGiving = ({ phase, frame, node }: NodeState): boolean =>
  phase === "COMPLETED" || (phase === "FAILED" && node.onError.kind === "default" && Object.hasOwn(frame.outputs, node.id));

type Given = [id: string, output: NodeOutput];

/** The answer nodes that give something, and the last nodes. */
function giving({ nodes, outputs }: Frame): { answers: Given[]; last: Given[] } {
  const answers: Given[] = [];
  const last: Given[] = [];
  for (const state of nodes) {
    const { id, type } = state.node;
    const isAnswer = type === "answer";
    if ((!isAnswer && state.takenOutgoing > 0) || !isGiving(state)) continue;
    const given: Given = [id, outputs[id] ?? { output: null, text: null }];
    if (isAnswer) answers.push(given);
    if (state.takenOutgoing === 0) last.push(given);
  }
  return { answers, last };
}

function joinTexts(outputs: readonly [id: string, output: NodeOutput][]): string | null {
  const texts = outputs.flatMap(([, { text }]) => (text === null ? [] : [text]));
  return texts.length === 0 ? null : texts.join("\n\n");
}
