import { AppError } from "./errors.ts";

/** Why work is ended whose client has hung up; nobody reads it, so it is no bug to report. */
export function clientLeft(): AppError {
  return new AppError("TIMEOUT", "CLIENT_LEFT", "The client has hung up.");
}
