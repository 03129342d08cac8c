import type { Env } from "#shared/config.ts";
import type { Composition } from "./composition.ts";

/** What a command has of the process that runs it. */
export interface CliContext {
  /** The environment as it stands, to hand on to child processes. */
  readonly environment: Record<string, string | undefined>;
  /** The parsed environment. @throws AppError ENVIRONMENT_INVALID */
  env(): Env;
  /** The parts that can be started. */
  readonly composition: Composition;
  /** Writes a line of what was asked for, to stdout. */
  print(text: string): void;
  /** Writes text of it as it is, such as the beginning of a line. */
  write(text: string): void;
  /** Ends the process with this code when the command is done; 0 unless said. */
  endWith(code: number): void;
  /** Writes a line about how it goes, to stderr. */
  tell(text: string): void;
}
