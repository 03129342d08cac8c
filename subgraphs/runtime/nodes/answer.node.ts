import { compileTemplate } from "#shared/template/template.ts";
import { configText } from "./config-text.ts";
import { completed, pureNode } from "./outcome.ts";

/** `answer`: renders `answer` (alias `template`) to the text that the run answers with (S-49). */
export const answerNode = pureNode(({ config, scope }) =>
  completed({ outputText: compileTemplate(configText(config, "answer", "template")).renderText(scope) }),
);
