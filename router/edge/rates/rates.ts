/**
 * How often somebody may ask: a key (where nobody is asked for one, a tenant), an address, and an address whose keys are not accepted. Asked before
 * anything of a request is read, in the same way for HTTP, its streams, WebSockets as they open and each operation on them.
 */
import type { IncomingMessage } from "node:http";
import type { RateLimiterAbstract } from "rate-limiter-flexible";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import type { Env } from "#shared/config.ts";
import { defineErrors } from "#shared/errors.ts";
import type { SharedCounts } from "../../access/rates/shared-counts.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import type { Caller } from "../../access/keys/key-ring.ts";
import { MemoryCounts } from "./memory-counts.ts";
import { countedAs } from "./seen-from.ts";

export interface RateLimits {
  /** Operations in a window: of a key, or with auth off of a tenant; and of an address. 0: any number. */
  caller: number;
  address: number;
  windowSeconds: number;
  /** Keys from one address that are not accepted, in `failedKeysSeconds`. 0: any number. */
  failedKeys: number;
  failedKeysSeconds: number;
}

const windowSeconds = 10;

/**
 * With auth on, 1,000 operations a second of a key and 2,000 of an address: about what one router answers on two cores, so that a loop gone wild is
 * stopped and no load that the router can bear is. Who shares it fairly below that is the tenants' gate. With auth off nobody is limited: it is one
 * person's machine.
 */
export function rateLimitsOf(env: Pick<Env, "authRequired" | "rateLimit" | "rateLimitAddress" | "rateLimitFailedKeys">): RateLimits {
  const { authRequired, rateLimit = authRequired ? 1_000 : 0, rateLimitAddress = authRequired ? 2_000 : 0, rateLimitFailedKeys } = env;
  return {
    caller: rateLimit * windowSeconds,
    address: rateLimitAddress * windowSeconds,
    windowSeconds,
    failedKeys: rateLimitFailedKeys,
    failedKeysSeconds: 60,
  };
}

const rateErrors = defineErrors({
  RATE_LIMITED: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { of: "key" | "tenant" | "address" | "webhook"; limit: number; windowSeconds: number; retryAfterMs: number }) =>
      `This ${f.of} has sent the ${f.limit} operations that it may send in ${f.windowSeconds} s. Nothing was done. Try again in ${f.retryAfterMs} ms.`,
  },
  FAILED_KEYS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number; retryAfterMs: number }) =>
      `From this address came ${f.limit} API keys that are not accepted. Try again in ${f.retryAfterMs} ms, with one that is.`,
  },
});

/** Who asks, as far as it matters here. */
interface Asker {
  identity: { kind: "off" | "nobody" } | { kind: "key"; caller: Pick<Caller, "tenantId" | "keyId"> };
  info: Pick<RequestInfo, "tenantId">;
}

/** What is counted of one name. */
interface Counter {
  /** Counts one. Gives how long to wait where it was too many. */
  take(name: string): Promise<number | undefined>;
}

/** The rates of one router. */
export class Rates {
  readonly #limits: RateLimits;
  readonly #caller: Counter | undefined;
  readonly #address: Counter | undefined;
  readonly #failedKeys: MemoryCounts | undefined;

  /** @param shared  counts the callers of all routers of a database; addresses are each router's own, so that strangers cost no database work. */
  constructor(limits: RateLimits, shared?: SharedCounts) {
    this.#limits = limits;
    const { caller, address, windowSeconds: duration, failedKeys, failedKeysSeconds } = limits;
    const own = (points: number) => new MemoryCounts({ points, duration });
    if (caller > 0) this.#caller = shared?.counter({ points: caller, duration }, own(caller)) ?? counterOf(own(caller));
    if (address > 0) this.#address = counterOf(own(address));
    if (failedKeys > 0) this.#failedKeys = new MemoryCounts({ points: failedKeys, duration: failedKeysSeconds });
  }

  /** Counts an operation, or a socket that opens, for its address. @throws AppError RATE_LIMITED */
  async address(request: IncomingMessage): Promise<void> {
    const retryAfterMs = await this.#address?.take(countedAs(request));
    if (retryAfterMs !== undefined) throw this.#limited("address", this.#limits.address, retryAfterMs);
  }

  /** Counts the same for its key, or its tenant where nobody is asked for one. @throws AppError RATE_LIMITED */
  async caller({ identity, info }: Asker): Promise<void> {
    if (this.#caller === undefined || identity.kind === "nobody") return;
    const name = identity.kind === "key" ? `${identity.caller.tenantId}/key:${identity.caller.keyId}` : `${info.tenantId}/tenant`;
    const retryAfterMs = await this.#caller.take(name);
    const of = identity.kind === "key" ? "key" : "tenant";
    if (retryAfterMs !== undefined) throw this.#limited(of, this.#limits.caller, retryAfterMs);
  }

  /** Counts a call of a webhook, as an operation of a key. @throws AppError RATE_LIMITED */
  async hook(tenantId: string, hookId: string): Promise<void> {
    const retryAfterMs = await this.#caller?.take(`${tenantId}/hook:${hookId}`);
    if (retryAfterMs !== undefined) throw this.#limited("webhook", this.#limits.caller, retryAfterMs);
  }

  /** Whether a key of this address may be looked up. @throws AppError FAILED_KEYS_LIMIT */
  async mayTryKey(request: IncomingMessage): Promise<void> {
    const { failedKeys: limit } = this.#limits;
    const counted = await this.#failedKeys?.get(countedAs(request));
    if (counted == null || counted.consumedPoints < limit) return;
    throw rateErrors.FAILED_KEYS_LIMIT({ limit, retryAfterMs: Math.ceil(counted.msBeforeNext) });
  }

  /** Counts a key that was not accepted. */
  async keyFailed(request: IncomingMessage): Promise<void> {
    await this.#failedKeys?.penalty(countedAs(request));
  }

  #limited(of: "key" | "tenant" | "address" | "webhook", limit: number, retryAfterMs: number) {
    return rateErrors.RATE_LIMITED({ of, limit, windowSeconds: this.#limits.windowSeconds, retryAfterMs: Math.ceil(retryAfterMs) });
  }
}

function counterOf(limiter: RateLimiterAbstract): Counter {
  return {
    async take(name) {
      try {
        await limiter.consume(name);
        return undefined;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return refused.msBeforeNext;
        throw refused;
      }
    },
  };
}
