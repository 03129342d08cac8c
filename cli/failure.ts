import { AppError } from "#shared/errors.ts";

/** 2 when the caller said something wrong, 1 for every other failure. */
export function exitCodeOf(error: unknown): number {
  return error instanceof AppError && error.reason === "ENVIRONMENT_INVALID" ? 2 : 1;
}

/** Tells an error to a person (its sentence; a bug's whole story) or, with `--json`, to a program. */
export function tellError(error: unknown, { tell, isJson }: { tell: (text: string) => void; isJson: boolean }): void {
  if (isJson) return tell(JSON.stringify({ error: machineReadable(error) }));
  if (error instanceof AppError) return tell(error.message);
  tell(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function machineReadable(error: unknown): object {
  if (error instanceof AppError) return { code: error.code, reason: error.reason, message: error.message, ...error.facts };
  return { code: "INTERNAL", message: error instanceof Error ? error.message : String(error) };
}
