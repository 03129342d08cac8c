/** The command line: what `agent-platform` and `npm start` do. Exit codes: 0 done, 1 failed, 2 asked for wrongly. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import type { Composition } from "./composition.ts";
import type { CliContext } from "./context.ts";
import { environmentReader } from "./environment.ts";
import { exitCodeOf, tellError } from "./failure.ts";
import { programName } from "./program-name.ts";
import { platformParts } from "./compose/parts.ts";
import { endWithReaders } from "./process/stop-signal.ts";
import { agentsCommand } from "./commands/agents.ts";
import { answerCommand } from "./commands/answer.ts";
import { apiCommand } from "./commands/api.ts";
import { auditCommand } from "./commands/audit.ts";
import { backupCommand } from "./commands/backup.ts";
import { demoCommand } from "./commands/demo.ts";
import { followCommand } from "./commands/follow.ts";
import { keysCommand } from "./commands/keys.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { prepareCommand } from "./commands/prepare.ts";
import { restoreCommand } from "./commands/restore.ts";
import { routerCommand } from "./commands/router.ts";
import { runCommand } from "./commands/run.ts";
import { schedulesCommand } from "./commands/schedules.ts";
import { secretsCommand } from "./commands/secrets.ts";
import { smokeCommand } from "./commands/smoke.ts";
import { startCommand } from "./commands/start.ts";
import { subgraphCommand } from "./commands/subgraph.ts";
import { skillsCommand } from "./commands/skills.ts";
import { teamsCommand } from "./commands/teams.ts";
import { testCommand } from "./commands/test.ts";
import { webhooksCommand } from "./commands/webhooks.ts";
import { workerCommand } from "./commands/worker.ts";

const commands = [
  startCommand,
  routerCommand,
  subgraphCommand,
  workerCommand,
  migrateCommand,
  backupCommand,
  restoreCommand,
  prepareCommand,
  auditCommand,
  keysCommand,
  secretsCommand,
  runCommand,
  testCommand,
  followCommand,
  agentsCommand,
  teamsCommand,
  skillsCommand,
  answerCommand,
  schedulesCommand,
  webhooksCommand,
  demoCommand,
  smokeCommand,
];

/**
 * Runs one command line to its end.
 *
 * @param argv         what follows the program's name.
 * @param environment  the process's environment, parsed when a command asks for it.
 * @param composition  the platform's parts.
 * @returns the exit code.
 */
export async function main(
  argv: readonly string[],
  environment: Record<string, string | undefined>,
  composition: Composition = platformParts,
): Promise<number> {
  endWithReaders();
  let exitCode = 0;
  const tell = (text: string) => void process.stderr.write(`${text}\n`);
  const context: CliContext = {
    endWith: (code) => (exitCode = code),
    environment,
    env: environmentReader(environment, (text) => tell(argv.includes("--json") ? JSON.stringify({ event: "notice", text }) : text)),
    composition,
    print: (text) => process.stdout.write(`${text}\n`),
    write: (text) => process.stdout.write(text),
    tell,
  };
  const name = programName();
  // Examples are there to be pasted.
  const named = (text: string) => text.replace(/(?<![\w/-])agent-platform (?=[a-z])/g, `${name} `);
  const program = new Command(name)
    .configureOutput({ writeOut: (text) => context.write(named(text)), writeErr: (text) => void process.stderr.write(named(text)) })
    .description("An agent platform as one GraphQL graph: define, run durably, watch live.")
    .version(version())
    .showHelpAfterError("(--help shows how it is used)")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 asked for wrongly.\nConfiguration is by environment variables; .env.example lists them.",
    );
  program.addCommand(inheriting(program, apiCommand(context)), { hidden: true });
  for (const command of commands) program.addCommand(inheriting(program, command(context)));
  program.exitOverride();
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.code.startsWith("commander.help") && argv.length > 0 ? 0 : (usageCode[error.code] ?? 2);
    tellError(error, { tell: context.tell, isJson: argv.includes("--json") });
    return exitCodeOf(error);
  }
}

/** Commander raises these too when it has done what was asked. */
const usageCode: Record<string, number> = { "commander.version": 0, "commander.helpDisplayed": 0 };

/** Commands beneath it, too: what is asked wrongly of one ends with 2 as everywhere. */
function inheriting(program: Command, command: Command): Command {
  command.copyInheritedSettings(program).exitOverride();
  for (const inner of command.commands) inheriting(command, inner);
  return command;
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}
