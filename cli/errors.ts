import { defineErrors } from "#shared/errors.ts";
import type { Json } from "#shared/json.ts";
import { programName } from "./program-name.ts";

/** Why a command does not start. Each says what to do next. */
export const cliErrors = defineErrors({
  INSTANCE_RUNNING: {
    code: "CONFLICT",
    message: (f: { pid: number; dataDir: string; graphUrl?: string | undefined }) =>
      `The platform runs already (pid ${f.pid}, data folder ${f.dataDir}${f.graphUrl === undefined ? "" : `, ${f.graphUrl}`}). ` +
      `Use it, stop it (kill ${f.pid}), or give another one its own folder and port: AGENT_PLATFORM_DATA_DIR=.data2 AGENT_PLATFORM_PORT=4001`,
  },
  DATA_DIR_UNUSABLE: {
    code: "FORBIDDEN",
    message: (f: { dataDir: string; story: string }) =>
      `The data folder ${f.dataDir} cannot be used (${f.story}). Make it writable, or choose another: AGENT_PLATFORM_DATA_DIR=$HOME/agent-platform`,
  },
  PORT_TAKEN: {
    code: "CONFLICT",
    message: (f: { host: string; port: number; setting: string }) =>
      `Port ${f.port} of ${f.host} is taken by another program. Choose another: ${f.setting}=${f.port + 1}`,
  },
  PORT_OF_A_PLATFORM: {
    code: "CONFLICT",
    message: (f: { host: string; port: number; setting: string; graphUrl: string }) =>
      `Port ${f.port} of ${f.host} is that of an agent platform that runs: ${f.graphUrl}. Use it, or choose another port: ${f.setting}=${f.port + 1}`,
  },
  PORT_REFUSED: {
    code: "FORBIDDEN",
    message: (f: { host: string; port: number; setting: string; story: string }) =>
      `Port ${f.port} of ${f.host} cannot be opened (${f.story}). Choose another: ${f.setting}, AGENT_PLATFORM_HOST`,
  },
  METRICS_PORT_UNUSABLE: {
    code: "CONFLICT",
    message: (f: { host: string; port: number; story: string }) =>
      `Port ${f.port} of ${f.host} cannot be opened for the metrics (${f.story}). Choose another (AGENT_PLATFORM_METRICS_PORT, AGENT_PLATFORM_METRICS_HOST), or leave them out.`,
  },
  HOST_NOT_LOOPBACK: {
    code: "FORBIDDEN",
    message: (f: { host: string }) =>
      `AGENT_PLATFORM_HOST=${f.host} would open the platform to others while authentication is off. Set AGENT_PLATFORM_AUTH_REQUIRED=true, or use 127.0.0.1.`,
  },
  ENCRYPTION_KEY_MISSING: {
    code: "BAD_USER_INPUT",
    message: (f: { keptIn?: string | undefined }) =>
      "AGENT_PLATFORM_ENCRYPTION_KEY is not set. With a database of your own the key of its secrets is yours to keep, apart from it and for as long as it: 64 hex digits (openssl rand -hex 32), the same for every process." +
      (f.keptIn === undefined ? "" : `\nThe one that was made here so far: AGENT_PLATFORM_ENCRYPTION_KEY=$(cat '${f.keptIn}')`),
  },
  DATABASE_NOT_THERE: {
    code: "BAD_USER_INPUT",
    message: (f: { folder: string }) => `There is no database in ${f.folder}. Name the platform's data folder by AGENT_PLATFORM_DATA_DIR.`,
  },
  DATABASE_NOT_EMBEDDED: {
    code: "BAD_USER_INPUT",
    message: (f: { command: string }) =>
      `${f.command} works on the embedded database, and AGENT_PLATFORM_DATABASE_URL names one of your own. Use pg_basebackup there: docs/operations.md, "Backup".`,
  },
  INTERNAL_KEY_MISSING: {
    code: "BAD_USER_INPUT",
    message: () =>
      "AGENT_PLATFORM_INTERNAL_KEY is not set. By it the platform's processes know each other; give all of them the same one: 64 hex digits (openssl rand -hex 32).",
  },
  PART_KEEPS_ENDING: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { part: string; story: string; logFile?: string | undefined }) =>
      `The platform ends, for its part ${f.part} keeps ending:\n${f.story}${f.logFile === undefined ? "" : `\nIts log: ${f.logFile}`}`,
  },
  PLATFORM_NOT_RUNNING: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { dataDir: string; seconds: number }) =>
      `No platform ran on ${f.dataDir} for ${f.seconds} s. Start it (npm start), or name a database: AGENT_PLATFORM_DATABASE_URL=postgres://user:password@host:5432/database`,
  },
  STOP_TOOK_TOO_LONG: {
    code: "TIMEOUT",
    message: (f: { what: string; seconds: number }) =>
      `${f.what} did not stop within ${f.seconds} s and was left. Nothing that was stored is lost; the next start tidies up.`,
  },
  SUBGRAPH_URL_MISSING: {
    code: "BAD_USER_INPUT",
    message: (f: { variables: string[] }) =>
      `This process calls subgraphs whose addresses are not set:\n${f.variables.map((name) => `${name}=http://127.0.0.1:PORT/graphql`).join("\n")}\n` +
      "docs/operations.md has a whole environment; npm start needs none of it.",
  },
  SUBGRAPH_NOT_ANSWERING: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { name: string; url: string; seconds: number }) =>
      `The ${f.name} subgraph did not answer at ${f.url} for ${f.seconds} s. Start it (${programName()} subgraph ${f.name}), or correct AGENT_PLATFORM_${f.name.toUpperCase()}_SUBGRAPH_URL.`,
  },
  FILE_UNREADABLE: { code: "BAD_USER_INPUT", message: (f: { path: string; story: string }) => `${f.path} cannot be read: ${f.story}` },
  FILE_NOT_JSON: { code: "BAD_USER_INPUT", message: (f: { path: string; story: string }) => `${f.path} is not JSON: ${f.story}` },
  FILE_NO_WORKFLOW: {
    code: "BAD_USER_INPUT",
    message: (f: { path: string }) =>
      `${f.path} holds no workflow. It is { "nodes": [...], "edges": [...] } or { "name", "input", "dsl" }; examples/ has some.`,
  },
  DSL_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { path: string; issues: Json[] }) =>
      `The workflow of ${f.path} has ${f.issues.length === 1 ? "a problem" : `${f.issues.length} problems`}:\n${issueLines(f.issues).join("\n")}`,
  },
  INPUT_NOT_AN_OBJECT: {
    code: "BAD_USER_INPUT",
    message: (f: { value: string }) =>
      `--input is ${f.value}, which is no JSON object. Example: --input '{"question":"…"}' --input @input.json or --input - (stdin)`,
  },
  INPUT_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { what: "workflow" | "skill"; schema: string; problems: { field: string; message: string }[]; takes: string }) =>
      [
        `The input does not fit the ${f.what}'s ${f.schema}:`,
        ...f.problems.map(({ field, message }) => `  ${field || "/"}: ${message}`),
        `The ${f.what} takes ${f.takes}. Give it with --input.`,
      ].join("\n"),
  },
  NO_TESTS: {
    code: "BAD_USER_INPUT",
    message: (f: { path: string }) =>
      `${f.path} has no tests. Its document takes "tests": [{ "name", "input", "mocks", "expect": ["run.status == 'COMPLETED'"] }]; docs/testing-workflows.md has more.`,
  },
  FILE_UNWRITABLE: { code: "BAD_USER_INPUT", message: (f: { path: string; story: string }) => `${f.path} cannot be written: ${f.story}` },
  AGENT_CODE_UNKNOWN: {
    code: "NOT_FOUND",
    message: (f: { code: string }) => `The tenant has no agent ${f.code}. createAgent makes one; agents { nodes { code } } lists them.`,
  },
  NOTHING_ASKED: {
    code: "CONFLICT",
    message: (f: { id: string; status: string | null; answeredBy: string | null }) =>
      f.status === null
        ? `No node run ${f.id}. answer without an id lists what waits.`
        : `Node run ${f.id} is ${f.status} and asks nothing${f.answeredBy === null ? ". answer without an id lists what waits" : `: it was answered by ${f.answeredBy}`}.`,
  },
  ANSWER_MISSING: {
    code: "BAD_USER_INPUT",
    message: (f: { id: string }) =>
      `Node run ${f.id} waits on, for nothing was answered. Say how: by one of the commands that were shown; --show only shows it.`,
  },
  ANSWER_FIELD_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { given: string; problem: string }) => `${f.given}: ${f.problem}. Such as --set amount=20 --set note="late".`,
  },
  TEAM_CODE_UNKNOWN: {
    code: "NOT_FOUND",
    message: (f: { code: string }) =>
      `The tenant has no team ${f.code}. teams make <file> makes one, such as examples/teams/research-team.json; teams { nodes { code } } lists them.`,
  },
  FILE_NO_TEAM: {
    code: "BAD_USER_INPUT",
    message: (f: { path: string; problem: string }) => `${f.path} holds no team: ${f.problem}. examples/teams has some.`,
  },
  SKILL_CODE_UNKNOWN: {
    code: "NOT_FOUND",
    message: (f: { code: string }) =>
      `The tenant has no skill ${f.code}. skills import <folder> makes one, such as examples/skills/unit-converter; skills { nodes { code } } lists them.`,
  },
  SKILL_TOO_LARGE: {
    code: "BAD_USER_INPUT",
    message: (f: { path: string; files: number; bytes: number }) =>
      `${f.path} has more than ${f.files} files, or more than ${f.bytes} bytes. Leave out what the skill does not need.`,
  },
  EXAMPLE_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { example: string; examples: string }) => `There is no example ${f.example}; there are ${f.examples}.`,
  },
  EXAMPLE_NEEDS_MODEL: {
    code: "BAD_USER_INPUT",
    message: (f: { example: string }) =>
      `The example ${f.example} asks a model, and the throw-away platform knows only a provider of the environment. Example:\n` +
      `AGENT_PLATFORM_PROVIDER_BASE_URL=http://localhost:11434/v1 AGENT_PLATFORM_PROVIDER_API_KEY=the-key AGENT_PLATFORM_DEFAULT_MODEL=llama3.2 ` +
      `npm run demo -- ${f.example}`,
  },
  RUN_NOT_COMPLETED: {
    code: "CONFLICT",
    message: (f: { runId: string; status: string; story: string; needs?: string | undefined }) =>
      [`Run ${f.runId} is ${f.status}.`, f.story, f.needs].filter(Boolean).join(" "),
  },
  RUN_OUT_OF_SIGHT: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { runId: string; seconds: number; followLine?: string | undefined }) =>
      `No connection to the platform for ${f.seconds} s: given up. Run ${f.runId} is stored, and goes on while the platform runs.` +
      (f.followLine === undefined ? "" : ` To see it again: ${f.followLine}`),
  },
  SMOKE_FAILED: { code: "CONFLICT", message: (f: { failed: number; of: number }) => `${f.failed} of ${f.of} samples failed.` },
});

/** A line a problem of a document that was refused: where, and what. */
export function issueLines(issues: readonly unknown[]): string[] {
  return (issues as { path?: unknown; message?: unknown }[]).map(({ path, message }) => `  ${String(path)}: ${String(message)}`);
}
