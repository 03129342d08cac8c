import { AppError } from "./errors.ts";

// One for all: every stream ends with it, and each error of its own would trace its stack for nobody.
const left = new AppError("TIMEOUT", "CLIENT_LEFT", "The client has hung up.");

/** Why work is ended whose client has hung up; nobody reads it, so it is no bug to report. */
export function clientLeft(): AppError {
  return left;
}
