/**
 * How the identity of a request travels between processes: in a signed token (shared/trust), as a header with HTTP, in the `extensions` of each operation
 * over a WebSocket, whose one socket serves many users.
 */
import type { IncomingHttpHeaders } from "node:http";
import { newId } from "#shared/ids.ts";
import { tenantIdInvalid, tenantIdPattern, type RequestInfo } from "#shared/request-info.ts";

/** The tenant of requests that name none. */
export const defaultTenantId = "public";

const requestIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}$/;
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What a caller says of itself; any of it may be missing or malformed. */
export interface ClaimedRequest {
  tenantId?: unknown;
  requestId?: unknown;
  traceparent?: unknown;
  apiKeyId?: unknown;
  /** Of a token only; no client says it. */
  caller?: string | undefined;
  subject?: string | null;
  scopes?: readonly string[] | undefined;
}

/**
 * Makes a request's identity of what its caller claims: a missing tenant is `public`, an unusable request id is replaced.
 *
 * @throws AppError TENANT_ID_INVALID for a tenant id outside {@link tenantIdPattern}.
 */
export function requestInfo(claimed: ClaimedRequest, signal?: AbortSignal): RequestInfo {
  return {
    tenantId: tenantIdOf(claimed.tenantId),
    requestId: requestIdOf(claimed.requestId),
    traceparent: matching(claimed.traceparent, traceparentPattern),
    apiKeyId: typeof claimed.apiKeyId === "string" && claimed.apiKeyId !== "" ? claimed.apiKeyId : null,
    caller: claimed.caller,
    subject: claimed.subject ?? null,
    scopes: claimed.scopes,
    signal,
  };
}

/** The request's id if it is usable as one, else a new one. */
export function requestIdOf(claimed: unknown): string {
  return matching(claimed, requestIdPattern) ?? newId();
}

/** The tenant's id: what was claimed, or `public`. */
export function tenantIdOf(claimed: unknown): string {
  if (claimed === undefined || claimed === null || claimed === "") return defaultTenantId;
  const tenantId = matching(claimed, tenantIdPattern);
  if (tenantId !== undefined) return tenantId;
  throw tenantIdInvalid(typeof claimed === "string" ? claimed : JSON.stringify(claimed));
}

/** Headers that hand the request on to a subgraph; the token says who asks for whom. */
export function requestHeaders({ traceparent }: RequestInfo, token: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, ...(traceparent !== undefined && { traceparent }) };
}

/** `extensions` that hand the request on with one operation over a shared socket. */
export function requestExtensions({ traceparent }: RequestInfo, token: string): Record<string, unknown> {
  return { token, traceparent };
}

/** What came with a request to a subgraph: its token, and the trace that it is part of. */
export interface HandedOn {
  token: unknown;
  traceparent: unknown;
}

/** The reverse of {@link requestHeaders}. */
export function handedOnByHeaders({ authorization, traceparent }: IncomingHttpHeaders): HandedOn {
  return { token: /^Bearer (.+)$/.exec(authorization ?? "")?.[1], traceparent };
}

/** The reverse of {@link requestExtensions}. */
export function handedOnByExtensions(extensions: Record<string, unknown> | null | undefined): HandedOn {
  return { token: extensions?.["token"], traceparent: extensions?.["traceparent"] };
}

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === "string" && pattern.test(value) ? value : undefined;
}
