import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { askedBy, graphUrl, refuseUncompleted, showOptions, withGraphOptions, type GraphOptions } from "../client/graph-options.ts";

interface RunOptions extends GraphOptions {
  input?: string;
  dryRun?: boolean;
}

interface ImportOptions extends GraphOptions {
  code?: string;
  draft?: boolean;
}

/** `skills run <code>` and `skills import <folder|zip>`: skills of the running platform. */
export function skillsCommand(context: CliContext): Command {
  return new Command("skills")
    .description("use skills of the running platform, and bring it new ones")
    .addCommand(runOf(context))
    .addCommand(importOf(context));
}

function runOf(context: CliContext): Command {
  return withGraphOptions(new Command("run"))
    .description("use a skill once: its work as it happens, then what it gave")
    .argument("<code>", "the skill's code")
    .option("--input <json>", "what it is given as JSON, @file, or - for stdin; {} unless given")
    .option("--dry-run", "call no model and no tool; the answer says what would have been asked")
    .addHelpText(
      "after",
      `
A folder is given a file to read, { "path" }, or a script to run and its input, { "path", "input" }.
Exit codes: 0 completed, or still under way; 1 failed or refused, each problem of the input by its place; 2 asked for wrongly.

Examples:
  agent-platform skills run greet --input '{"name":"Ada"}'
  agent-platform skills run unit-converter --input '{"path":"scripts/convert.py","input":{"value":12.5,"from":"km","to":"mi"}}'`,
    )
    .action(async (code: string, options: RunOptions) => {
      const { useSkill } = await import("../client/skills/use-skill.ts");
      const { input, dryRun: isDry } = options;
      refuseUncompleted(await useSkill({ ...asked(context, options), input, isDry }, code));
    });
}

function importOf(context: CliContext): Command {
  return withGraphOptions(new Command("import"))
    .description("make a folder with a SKILL.md, or a ZIP archive of one, a skill; of one that is there the next version")
    .argument("<path>", "the folder, or the .zip file")
    .option("--code <code>", "the skill's code (the name of the folder, or of the file)")
    .option("--draft", "do not publish the version")
    .addHelpText("after", "\nExample:\n  agent-platform skills import examples/skills/unit-converter")
    .action(async (path: string, options: ImportOptions) => {
      const { importSkillOf } = await import("../client/skills/import-skill.ts");
      const { code, draft: isDraft = false } = options;
      await importSkillOf({ ...asked(context, options), code, isDraft }, path);
    });
}

function asked(context: CliContext, options: GraphOptions) {
  return { url: graphUrl(context, options.url), ...askedBy(context, options), ...showOptions(context, options) };
}
