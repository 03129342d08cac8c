import { pino, type Logger } from "pino";
import type { Env } from "./config.ts";

/** A structured log: constant messages, facts as fields, never a secret. */
export type Log = Logger;

/**
 * Makes a process's log: JSON lines to `logFile` where one is set, else to stderr, so that stdout stays for what was asked for. The file is
 * its owner's only: it tells the stories that clients are not told.
 */
export function createLog(env: Pick<Env, "logLevel" | "logFile">, name: string): Log {
  const destination = pino.destination({ dest: env.logFile ?? 2, mkdir: true, mode: 0o600, sync: env.logFile === undefined });
  const redact = ["apiKey", "*.apiKey", "headers.authorization", "headers.cookie", "*.secretHeaders", "encryptionKey"];
  return pino({ name, level: env.logLevel, redact, base: { pid: process.pid } }, destination);
}
