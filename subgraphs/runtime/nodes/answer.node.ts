import { compileTemplate } from "#shared/template/template.ts";
import { configText } from "./evaluation/config-text.ts";
import { evaluatedNode, type Given } from "./evaluation/evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed } from "./outcome.ts";

/** Renders `answer` (alias `template`) to the text that the run answers with. */
export function answer({ config, scope }: Given): NodeOutcome {
  return completed({ outputText: compileTemplate(configText(config, "answer", "template")).renderText(scope) });
}

/** `answer`: says what {@link answer} renders (S-49). */
export const answerNode = evaluatedNode("answer", answer);
