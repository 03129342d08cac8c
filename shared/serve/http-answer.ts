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
  if (status === 413) response.setHeader("connection", "close");
  const retryAfterMs = error instanceof AppError ? error.facts["retryAfterMs"] : undefined;
  if (typeof retryAfterMs === "number") response.setHeader("retry-after", String(Math.ceil(retryAfterMs / 1_000)));
  sendJson(response, status, { errors: [clientError(error, setting)] });
}

/** Refuses an upgrade, with a status such as `404 Not Found`. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  // Nobody listens to it but us: a client that hangs up first would end the process.
  socket.on("error", () => {});
  // The server's limits of time no longer hold for it: a client that keeps its own end open must not keep the socket.
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
