import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { clientError, type ErrorSetting } from "#shared/client-error.ts";
import { AppError } from "#shared/errors.ts";
import { statusOfRefusal } from "./http-body.ts";

/** Answers with JSON, unless an answer has begun. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

/** Answers a request that never became an operation, in GraphQL's form. */
export function sendRefusal(response: ServerResponse, error: unknown, setting: ErrorSetting = {}): void {
  const status = statusOfRefusal(error);
  // What was not read of the body would be taken for the next request.
  if (!response.headersSent && (status === 413 || isLeftUnread(response))) response.setHeader("connection", "close");
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== undefined && !response.headersSent) response.setHeader("retry-after", retryAfter);
  sendJson(response, status, { errors: [clientError(error, setting)] });
}

/** Whether somebody stopped to read the request's body before its end. */
function isLeftUnread({ req }: ServerResponse): boolean {
  return req.destroyed && !req.complete;
}

/** Whole seconds after which an error says that it may be tried again, as Retry-After has them; undefined where it says nothing. */
export function retryAfterOf(error: unknown): string | undefined {
  const retryAfterMs = error instanceof AppError ? error.facts["retryAfterMs"] : undefined;
  return typeof retryAfterMs === "number" ? String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) : undefined;
}

/** Refuses an upgrade, with a status such as `404 Not Found`; and says when to try again, where an error says so. */
export function refuseUpgrade(socket: Duplex, status: string, error?: unknown): void {
  // Nobody listens to it but us: a client that hangs up first would end the process.
  socket.on("error", () => {});
  // The server's limits of time no longer hold for it: a client that keeps its own end open must not keep the socket.
  socket.once("finish", () => socket.destroy());
  const retryAfter = retryAfterOf(error);
  const headers = ["Connection: close", "Content-Length: 0", ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`])];
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join("\r\n")}\r\n\r\n`);
}
