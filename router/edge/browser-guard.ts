/**
 * Keeps web pages away from a router that asks for no key: a page in a developer's browser must not run code on their machine.
 * Host must name loopback or an allowed host, Origin must be the router's own or a listed one.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Env } from "#shared/config.ts";
import { defineErrors, type AppError } from "#shared/errors.ts";
import { isAllowedHost, isAllowedOrigin } from "#shared/serve/host-guard.ts";

const guardErrors = defineErrors({
  HOST_NOT_ALLOWED: {
    code: "FORBIDDEN",
    message: (f: { host: string | undefined }) =>
      `The router does not answer to the Host ${f.host ?? "(none)"}: loopback names only, and those that AGENT_PLATFORM_ALLOWED_HOSTS lists.`,
  },
  CROSS_SITE_GET: {
    code: "FORBIDDEN",
    message: (f: { site: string }) =>
      `A page of another origin asks by GET (Sec-Fetch-Site: ${f.site}). Send a POST with content-type: application/json, or the header apollo-require-preflight.`,
  },
  ORIGIN_NOT_ALLOWED: {
    code: "FORBIDDEN",
    message: (f: { origin: string | undefined }) =>
      `Pages of the Origin ${f.origin} may not use the router: its own only, and those that AGENT_PLATFORM_CORS_ORIGINS lists.`,
  },
});

/**
 * Why a GET may not be answered, if anything. A page of another site can have a browser send one without an Origin, as that of an image; what browsers
 * say of it is where it comes from. Clients that are no browsers say nothing. A header that only a preflighted request can have lets it through.
 */
export function refusalOfGet({ method, headers }: IncomingMessage): AppError | undefined {
  const isForeign = headers["sec-fetch-site"] === "cross-site" || headers["sec-fetch-site"] === "same-site";
  if (method !== "GET" || !isForeign || headers.origin !== undefined || headers["apollo-require-preflight"]) return undefined;
  return guardErrors.CROSS_SITE_GET({ site: headers["sec-fetch-site"] as string });
}

type GuardSetting = Pick<Env, "allowedHosts" | "corsOrigins">;

/** What is wrong with where a request comes from, if anything; the same for HTTP and for upgrades. */
export function refusalOf({ headers }: IncomingMessage, setting: GuardSetting): AppError | undefined {
  if (!isAllowedHost(headers.host, setting.allowedHosts)) return guardErrors.HOST_NOT_ALLOWED({ host: headers.host });
  if (!isAllowedOrigin(headers.origin, headers.host, setting.corsOrigins))
    return guardErrors.ORIGIN_NOT_ALLOWED({ origin: headers.origin });
  return undefined;
}

/** What a page may send beside the headers that browsers let it send anyway. */
const sendable = [
  "content-type",
  "authorization",
  "x-api-key",
  "x-tenant-id",
  "x-bootstrap-token",
  "x-request-id",
  "traceparent",
  "tracestate",
  "apollo-require-preflight",
];
/** What it may read of an answer, likewise. */
const readable = ["x-request-id", "x-tenant-id", "retry-after"];

/**
 * Lets a listed origin read the answer, by its name: never `*`, and nothing that a browser would add of its own accord (cookies). True when the request
 * was a preflight, which is answered with this.
 */
export function answerCors(request: IncomingMessage, response: ServerResponse, { corsOrigins }: GuardSetting): boolean {
  const { origin } = request.headers;
  // Said to everybody: a cache must not show the answer to one origin to another.
  if (corsOrigins.length > 0) response.setHeader("vary", "origin");
  if (origin !== undefined && corsOrigins.includes(origin)) {
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-expose-headers", readable.join(", "));
  }
  if (request.method !== "OPTIONS") return false;
  response.setHeader("access-control-allow-methods", "GET, POST, OPTIONS");
  response.setHeader("access-control-allow-headers", sendable.join(", "));
  response.setHeader("access-control-max-age", "600");
  response.writeHead(204).end();
  return true;
}
