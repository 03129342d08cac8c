import type { ServerResponse } from "node:http";
import { clientError, type ErrorSetting } from "./client-error.ts";
import { AppError } from "./errors.ts";
import { statusOfRefusal } from "./http-body.ts";

/** Answers with JSON, unless an answer has begun. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

/** Answers a request that never became an operation, in GraphQL's form. */
export function sendRefusal(response: ServerResponse, error: unknown, setting: ErrorSetting = {}): void {
  const status = error instanceof AppError ? statusOfRefusal(error) : 500;
  // What was not read of the body would be taken for the next request.
  if (status === 413) response.setHeader("connection", "close");
  sendJson(response, status, { errors: [clientError(error, setting)] });
}
