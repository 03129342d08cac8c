/** Who asks: nobody is asked while auth is off; else the holder of a key, or somebody without one. */
import type { IncomingMessage } from "node:http";
import type { Env } from "#shared/config.ts";
import { parseAddress } from "#shared/addresses.ts";
import { AppError } from "#shared/errors.ts";
import type { ClaimedRequest } from "#shared/endpoint/request-transport.ts";
import { isLoopbackName } from "#shared/serve/host-guard.ts";
import { bootstrapScope } from "#shared/scopes.ts";
import { keyErrors } from "../access/errors.ts";
import type { Caller, KeyRing } from "../access/keys/key-ring.ts";
import type { OpenWithKey } from "../access/keys/key-watch.ts";
import { looksLikeKey } from "../access/keys/key-format.ts";
import { refusalOf } from "./browser-guard.ts";
import { paramOf, type ConnectionParams } from "./connection-params.ts";
import type { Rates } from "./rates/rates.ts";
import { sameText } from "./same-text.ts";
import { seenFrom } from "./rates/seen-from.ts";

/** Who asks. */
export type Identity = { kind: "off" } | { kind: "nobody"; mayBootstrap: boolean } | { kind: "key"; caller: Caller };

/** Auth is off. */
export const authOff: Identity = { kind: "off" };

interface IdentitySetting {
  env: Pick<Env, "host" | "authRequired" | "allowedHosts" | "corsOrigins" | "bootstrapToken">;
  /** There with auth on. */
  keys: KeyRing | undefined;
  /** How often an address may try keys that are not accepted. */
  rates: Rates;
}

/** Finds out who asks, for HTTP and for WebSockets. */
export class Identities {
  readonly #setting: IdentitySetting;

  constructor(setting: IdentitySetting) {
    this.#setting = setting;
  }

  /** Whether requests need a key. */
  get isAuthOn(): boolean {
    return this.#setting.env.authRequired;
  }

  /** Who asks before it is known who does. */
  get nobody(): Identity {
    return this.isAuthOn ? { kind: "nobody", mayBootstrap: false } : authOff;
  }

  /**
   * Who sends a request, by x-api-key or Authorization, among connectionParams or else among headers.
   *
   * @throws AppError KEY_INVALID, KEYS_DIFFER, KEYS_UNAVAILABLE, FAILED_KEYS_LIMIT
   */
  async of(request: IncomingMessage, connectionParams?: ConnectionParams): Promise<Identity> {
    const { keys } = this.#setting;
    if (keys === undefined) return authOff;
    const key = (connectionParams && keyAmongParams(connectionParams)) ?? keyAmongHeaders(request);
    if (key === undefined) return { kind: "nobody", mayBootstrap: await this.#mayBootstrap(request) };
    // Who guesses from the same address must not shut out those whose keys are known.
    const caller = keys.known(key, request.socket);
    if (caller !== undefined) return { kind: "key", caller };
    await this.#setting.rates.mayTryKey(request);
    return { kind: "key", caller: await keys.callerOf(key).catch((error: unknown) => this.#refuse(request, error)) };
  }

  /** Whose a request is by what is known of its key, without asking anybody; undefined: that is not known, or it has none. Refuses nothing. */
  knownTenant(request: IncomingMessage): string | undefined {
    const { keys } = this.#setting;
    try {
      const key = keyAmongHeaders(request);
      return key === undefined ? undefined : keys?.known(key, request.socket)?.tenantId;
    } catch {
      return undefined;
    }
  }

  async #refuse(request: IncomingMessage, error: unknown): Promise<never> {
    if (error instanceof AppError && error.reason === "KEY_INVALID") await this.#setting.rates.keyFailed(request);
    throw error;
  }

  /** The same as it is now, for who was identified before. @throws AppError KEY_INVALID, KEYS_UNAVAILABLE */
  async again(identity: Identity): Promise<Identity> {
    return identity.kind === "key" ? { kind: "key", caller: await this.#setting.keys!.again(identity.caller) } : identity;
  }

  /** Whether who was identified before would be so now, as far as that is known without asking the database; undefined: it is not. */
  remembers(identity: Identity): boolean | undefined {
    return identity.kind === "key" ? this.#setting.keys!.remembers(identity.caller) : true;
  }

  /** Ends with the key what was opened with it. Returns what stops that. */
  watch(identity: Identity, open: OpenWithKey): () => void {
    return identity.kind === "key" ? this.#setting.keys!.watch(identity.caller, open) : () => {};
  }

  /**
   * Whether whoever sends it may make the first key. A page that a browser shows must not, so Host and Origin are those of this machine; where
   * others reach the router it takes the token, which is guessed no more often than keys are.
   */
  async #mayBootstrap(request: IncomingMessage): Promise<boolean> {
    const { env, keys, rates } = this.#setting;
    if (keys!.hasKeys) return false;
    const sent = request.headers["x-bootstrap-token"];
    if (env.bootstrapToken === undefined)
      return isLoopbackName(env.host) && isThisMachine(request) && refusalOf(request, env) === undefined;
    if (typeof sent !== "string") return false;
    await rates.mayTryKey(request);
    const isRight = sameText(sent, env.bootstrapToken);
    if (!isRight) await rates.keyFailed(request);
    return isRight;
  }
}

/** Not whom a trusted proxy of this machine speaks for. */
function isThisMachine(request: IncomingMessage): boolean {
  const { address } = seenFrom(request);
  return address !== null && parseAddress(address)?.range() === "loopback";
}

/** A request as whoever sends it may have it: a key says the tenant. @throws AppError TENANT_MISMATCH */
export function identified(claimed: ClaimedRequest, identity: Identity): ClaimedRequest {
  switch (identity.kind) {
    case "off":
      return claimed;
    case "nobody":
      // Nobody speaks for a tenant, not even in its audit; but the first key is of the tenant that it was asked for.
      return { ...claimed, ...(identity.mayBootstrap ? { scopes: [bootstrapScope] } : { tenantId: undefined, scopes: [] }) };
    case "key": {
      const { keyId, scopes } = identity.caller;
      return { ...claimed, tenantId: tenantOf(claimed.tenantId, identity.caller), apiKeyId: keyId, subject: `key:${keyId}`, scopes };
    }
  }
}

function tenantOf(claimed: unknown, { tenantId, isAdmin }: Caller): unknown {
  if (claimed === undefined || claimed === null || claimed === "" || claimed === tenantId) return tenantId;
  if (isAdmin) return claimed;
  throw keyErrors.TENANT_MISMATCH({ tenantId: String(claimed).slice(0, 80) });
}

function keyAmongParams(params: ConnectionParams): string | undefined {
  return theOne([paramOf(params, "x-api-key"), bearerIn(paramOf(params, "authorization"))]);
}

/** Node keeps the first of several Authorization headers and drops the others, which somebody in front may have read. */
function keyAmongHeaders({ headers, rawHeaders }: Pick<IncomingMessage, "headers" | "rawHeaders">): string | undefined {
  const key = headers["x-api-key"];
  if (headers.authorization === undefined) return typeof key === "string" && key !== "" ? key : undefined;
  const bearers = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && name.length === 13 && name.toLowerCase() === "authorization" ? [bearerIn(rawHeaders[index + 1])] : [],
  );
  return theOne([key, bearerIn(headers.authorization), ...bearers]);
}

/** The first that is sent. Two keys would be two callers: which of them is meant is nobody's to guess. Another's token beside a key is none of ours. */
function theOne(sent: readonly unknown[]): string | undefined {
  const [first, ...others] = sent.filter((text): text is string => typeof text === "string" && text !== "");
  const isOther = (text: string) => text !== first && looksLikeKey(text);
  if (first !== undefined && looksLikeKey(first) && others.some(isOther)) throw keyErrors.KEYS_DIFFER({});
  return first;
}

/** The token of a Bearer; another scheme is no key, but refused as one, rather than passed over. */
function bearerIn(authorization: unknown): string | undefined {
  if (typeof authorization !== "string") return undefined;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? authorization;
}
