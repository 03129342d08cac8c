import { AppError } from "./errors.ts";
import { excerpt } from "./fields.ts";
import type { Reading } from "./read-bytes.ts";

/** Changes that an operation makes to the key that it was asked with, by their numbers: whoever has that key open waits with its end for the answer. */
export interface OwnKeyChanges {
  /** A change that ends the key is about to be committed. */
  hold(epoch: string): void;
  /** It was not. */
  drop(epoch: string): void;
}

/** Who asks, for whom, and under which name the request is traced; the same in the router, in every subgraph and in a worker. */
export interface RequestInfo {
  tenantId: string;
  /** `x-request-id`, kept or made by the router. */
  requestId: string;
  /** W3C trace context of the caller, where one came. */
  traceparent?: string | undefined;
  /** The API key behind the request; null while auth is off. */
  apiKeyId?: string | null | undefined;
  /** Who is behind the request, as whoever authenticated them says; null while auth is off. */
  subject?: string | null | undefined;
  /** What they may do, as `noun:verb`; undefined while auth is off: everything of their tenant. */
  scopes?: readonly string[] | undefined;
  /** The subgraph that asks another one. Told by whoever connects the two, never by a client; undefined for the router and for workers. */
  caller?: string | undefined;
  /** Fires when the caller has gone or its deadline has passed. */
  signal?: AbortSignal | undefined;
  /** Counts what this process reads for it, until it has been answered; whoever answers gives it. */
  reading?: Reading | undefined;
  /** Calls back when the answer has left this process, or nobody waits for it; undefined: it stays here, or it is nobody's to say. */
  whenSent?: ((done: () => void) => void) | undefined;
  /** Told where its own key is changed; of the router's operations, which alone change keys. */
  ownKeyChanges?: OwnKeyChanges | undefined;
}

/** What a tenant's id looks like; `app.scope` can never be said with it. */
export const tenantIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** The error of a tenant id that does not match the pattern. */
export function tenantIdInvalid(tenantId: string): AppError {
  const shown = excerpt(tenantId);
  return new AppError(
    "BAD_USER_INPUT",
    "TENANT_ID_INVALID",
    `The tenant id ${JSON.stringify(shown)} is not valid. Use 1 to 63 letters, digits, '.', '_' or '-', starting with a letter or digit.`,
    { tenantId: shown },
  );
}

/** Only the identity of a wider context, to be handed on to another subgraph. */
export function requestInfoOf({ tenantId, requestId, traceparent, apiKeyId, subject, scopes, signal, reading }: RequestInfo): RequestInfo {
  return { tenantId, requestId, traceparent, apiKeyId, subject, scopes, signal, reading };
}
