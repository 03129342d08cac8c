import { Command } from "commander";
import { askedBy, graphUrl, withGraphOptions, type GraphOptions } from "../client/graph-options.ts";
import type { CliContext } from "../context.ts";

interface TestOptions extends Pick<GraphOptions, "url" | "tenant" | "apiKey" | "json"> {
  junit?: string;
}

/** `test <workflow.json>`: runs the tests that a document has, and says which of their expectations hold. */
export function testCommand(context: CliContext): Command {
  const command = new Command("test")
    .description("run the tests of a workflow file on the running platform")
    .argument("<workflow.json>", "a DSL document with tests, or { name, dsl }")
    .option("--junit <file>", "write what came of them as JUnit XML too");
  return withGraphOptions(command)
    .addHelpText(
      "after",
      `
Each test is a run of its own, executed where it is asked for; nodes with mocks do not run. The version that is made for it is a draft.
Exit codes: 0 all tests passed; 1 one did not, or the document was refused; 2 asked for wrongly, or there are no tests.

Examples:
  agent-platform test examples/lead-scoring.json
  agent-platform test flow.json --junit report.xml`,
    )
    .action(async (path: string, options: TestOptions) => {
      const { testFile } = await import("../client/trials/test-file.ts");
      const { junit, json = false } = options;
      const results = await testFile({
        path,
        url: graphUrl(context, options.url),
        junit,
        isJson: json,
        print: (line) => context.print(line),
        ...askedBy(context, options),
      });
      if (results.some(({ problems }) => problems.length > 0)) context.endWith(1);
    });
}
