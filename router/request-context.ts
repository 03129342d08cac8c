/**
 * Tenancy at the edge: who asks for which tenant under which request id. While auth is off the client says so itself: by header,
 * else by query string, else the tenant is `public`. With auth on the key says it.
 */
import type { IncomingMessage } from "node:http";
import type { GraphqlContext } from "#shared/serve/graphql-http.ts";
import { tenantIdPattern } from "#shared/request-info.ts";
import { withoutKeys } from "./access/keys/key-format.ts";
import { KeyHold } from "./access/keys/key-hold.ts";
import { paramOf } from "./edge/connection-params.ts";
import { authOff, identified, type Identities, type Identity } from "./edge/identity.ts";
import { requestIdOf, requestInfo, type ClaimedRequest } from "#shared/endpoint/request-transport.ts";
import type { Lane } from "./edge/rates/arrivals.ts";
import { countedAs, seenFrom } from "./edge/rates/seen-from.ts";

/** The context of one operation at the router. */
export interface RouterContext extends GraphqlContext {
  transport: "HTTP" | "WEBSOCKET";
  clientIp: string | null;
  userAgent: string | null;
  identity: Identity;
  /** Told of what the operation does to its own key; not there where nobody is asked for one, and of what is no operation. */
  keyHold?: KeyHold | undefined;
  /** Calls back when the client has its answer, or is gone. Not there where an answer is sent piece by piece. */
  whenAnswered?: (done: () => void) => void;
  /** Called when its operation was looked at, planned or refused: others are then. Again it does nothing. */
  looked?: () => void;
}

/**
 * Under which name an operation waits, and holds what it holds: its tenant's. All who have no key have one name together, which is no tenant's, so that they
 * fill the lanes of nobody who has one; but whoever may make the first key is the operator.
 */
export function laneOf({ identity, info }: Pick<RouterContext, "identity" | "info">): string {
  return identity.kind === "nobody" && !identity.mayBootstrap ? "(no key)" : info.tenantId;
}

/**
 * Under which name a request waits that nobody has looked at yet: its tenant's, as far as that is known by its key, or said while auth is off; else its address. Health
 * and webhooks are asked without a key: each address has a name for either, so that nobody fills those of others, or has as many as there are paths.
 */
export function arrivalLane(request: IncomingMessage, identities: Pick<Identities, "isAuthOn" | "knownTenant">): Lane {
  const others = (name: string) => ({ name, isTenants: false });
  const [path = "/"] = (request.url ?? "/").split("?", 1);
  if (healthPaths.has(path)) return others(`(health) ${countedAs(request)}`);
  if (path.startsWith("/hooks/")) return others(`hook ${countedAs(request)}`);
  const tenantId = identities.isAuthOn ? identities.knownTenant(request) : path === "/graphql" && (claimedBy(request).tenantId ?? "public");
  return typeof tenantId === "string" ? tenantLane(tenantId) : others(countedAs(request));
}

/** Under which name that waits of which it is known whose it is. */
export const tenantLane = (tenantId: string): Lane => ({ name: tenantId, isTenants: true });

const healthPaths = new Set(["/livez", "/ready", "/readyz", "/health"]);

/** The context of an HTTP request. @throws AppError TENANT_ID_INVALID, TENANT_MISMATCH */
export function httpContext(request: IncomingMessage, requestId: string, { signal, identity }: Asking): RouterContext {
  const claimed = { ...claimedBy(request), requestId };
  return { ...asked(claimed, { identity, signal }), transport: "HTTP", ...clientOf(request) };
}

/** Who asks, and what tells that they are gone. */
export interface Asking {
  identity: Identity;
  signal?: AbortSignal | undefined;
}

/** The request id of an HTTP request: known before anything of it is checked, so that refusals carry it. */
export function requestIdFor(request: IncomingMessage): string {
  return requestIdOf(claimedBy(request).requestId);
}

/**
 * The context of operations over a WebSocket: by connectionParams, else by the upgrade's headers, else by its query string.
 * Where no request id is given each operation gets its own.
 *
 * @throws AppError TENANT_ID_INVALID, TENANT_MISMATCH
 */
export function socketContext(
  request: IncomingMessage,
  connectionParams: Record<string, unknown> = {},
  { identity, signal }: Asking,
): RouterContext {
  const upgrade = claimedBy(request);
  const claimed: ClaimedRequest = {
    tenantId: paramOf(connectionParams, "x-tenant-id") ?? upgrade.tenantId,
    requestId: speakable(paramOf(connectionParams, "x-request-id")) ?? upgrade.requestId,
    traceparent: paramOf(connectionParams, "traceparent") ?? upgrade.traceparent,
  };
  return { ...asked(claimed, { identity, signal }), transport: "WEBSOCKET", ...clientOf(request) };
}

/** @throws AppError TENANT_ID_INVALID, TENANT_MISMATCH */
function asked(claimed: ClaimedRequest, { identity, signal }: Asking): Pick<RouterContext, "info" | "identity" | "keyHold"> {
  const info = requestInfo(identified(claimed, identity), signal);
  if (identity.kind !== "key") return { info, identity };
  const keyHold = new KeyHold();
  return { info: { ...info, ownKeyChanges: keyHold }, identity, keyHold };
}

/** What is known of a request that was refused before it had a context. */
export interface RefusedFacts {
  connectionParams?: Record<string, unknown> | undefined;
  requestId?: string | undefined;
  /** Where it got as far as that. */
  identity?: Identity | undefined;
}

/**
 * The context of a request that was refused before it had one, for its audit. Whose tenant id is no tenant's is audited as
 * whoever names none, under `public`: a row belongs to a tenant, or nobody could read it. A key's row is its own tenant's, whatever it claimed.
 */
export function refusedContext(
  request: IncomingMessage,
  { connectionParams = {}, requestId, identity = authOff }: RefusedFacts,
): RouterContext {
  const upgrade = claimedBy(request);
  const tenantId = tenantOfRefused(identity, paramOf(connectionParams, "x-tenant-id") ?? upgrade.tenantId);
  const claimed = {
    tenantId: isTenantId(tenantId) ? tenantId : undefined,
    requestId: requestId ?? speakable(paramOf(connectionParams, "x-request-id")) ?? upgrade.requestId,
  };
  return { info: requestInfo(identified(claimed, identity)), identity, transport: "HTTP", ...clientOf(request) };
}

function tenantOfRefused(identity: Identity, claimed: unknown): unknown {
  if (identity.kind === "off") return claimed;
  return identity.kind === "key" ? identity.caller.tenantId : undefined;
}

function claimedBy({ headers, url }: IncomingMessage): ClaimedRequest {
  const search = url === undefined || !url.includes("?") ? undefined : new URLSearchParams(url.slice(url.indexOf("?")));
  return {
    tenantId: headers["x-tenant-id"] || search?.get("tenant_id"),
    requestId: speakable(headers["x-request-id"] || search?.get("x-request-id")),
    traceparent: headers["traceparent"],
  };
}

/** A request's id is in logs, audits and answers: an API key is none. */
const speakable = (claimed: unknown) => (typeof claimed === "string" && withoutKeys(claimed) !== claimed ? undefined : claimed);

const isTenantId = (claimed: unknown) => typeof claimed === "string" && tenantIdPattern.test(claimed);

function clientOf(request: IncomingMessage): Pick<RouterContext, "clientIp" | "userAgent"> {
  return { clientIp: seenFrom(request).address, userAgent: request.headers["user-agent"]?.slice(0, 500) ?? null };
}
