import { compileTemplate } from "#shared/template/template.ts";
import { completed, pureNode } from "./outcome.ts";

/** `answer`: renders `answer` (alias `template`) to the text that the run answers with (S-49). */
export const answerNode = pureNode(({ config, scope }) => {
  const template = config["answer"] ?? config["template"] ?? "";
  return completed({ outputText: compileTemplate(String(template)).renderText(scope) });
});
