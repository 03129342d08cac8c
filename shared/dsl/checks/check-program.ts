import type { CheckedNode } from "./check-node.ts";
import type { IssueList } from "../issue.ts";

/** What a program says something with: `result`, what `main` gives back, or a print, which is the node's text. */
const saysSomething = /\b(result|main|print|stdout|console)\b/;

/**
 * Checks that code nodes have an output. It looks for words rather than reading the program: one that has none of them puts out nothing, whatever
 * it computes (`def run(…): return …` alone is never called); one that has them may still put out nothing.
 */
export function checkPrograms(nodes: readonly CheckedNode[], issues: IssueList): void {
  for (const { id, index, type, config } of nodes) {
    const code = config["code"];
    if (type !== "code" || typeof code !== "string" || code === "" || saysSomething.test(code)) continue;
    const next = "write result = …; the input is in payload. A function has to be called, as in result = run(payload), or be main(payload)";
    issues.warning("CODE_WITHOUT_RESULT", ["nodes", index, "config", "code"], `config.code of node ${id} never assigns result: ${next}.`);
  }
}
