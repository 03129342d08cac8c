import { openSync } from "node:fs";
import { dirname } from "node:path";
import { pino, type DestinationStream, type Logger } from "pino";
import type { Env } from "./config.ts";
import { defineErrors } from "./errors.ts";
import { makeFolder } from "./folder.ts";
import { LogFile } from "./log-file.ts";

/** Why there is no log. */
export const logErrors = defineErrors({
  LOG_FILE_UNUSABLE: {
    code: "FORBIDDEN",
    message: (f: { logFile: string; story: string }) =>
      `The log ${f.logFile} cannot be written (${f.story}). Choose another: AGENT_PLATFORM_LOG_FILE=platform.log`,
  },
});

/** A structured log: constant messages, facts as fields, never a secret. */
export type Log = Logger;

/**
 * Makes a process's log: JSON lines to `logFile` where one is set, else to stderr, so that stdout stays for what was asked for. The file is
 * its owner's only: it tells the stories that clients are not told.
 *
 * @throws AppError LOG_FILE_UNUSABLE
 */
export function createLog(env: Pick<Env, "logLevel" | "logFile">, name: string): Log {
  const destination = env.logFile === undefined ? stderr() : new LogFile(opened(env.logFile), name);
  const redact = ["apiKey", "*.apiKey", "headers.authorization", "headers.cookie", "*.secretHeaders", "encryptionKey"];
  return pino({ name, level: env.logLevel, redact, base: { pid: process.pid } }, destination);
}

function stderr(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: 16 << 20 });
  destination.on("error", () => {});
  return destination;
}

function opened(logFile: string): number {
  try {
    makeFolder(dirname(logFile));
    return openSync(logFile, "a", 0o600);
  } catch (cause) {
    throw logErrors.LOG_FILE_UNUSABLE({ logFile, story: (cause as Error).message }, { cause });
  }
}
