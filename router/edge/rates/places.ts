/**
 * How much one may hold open: WebSockets and streams over HTTP, counted together by key, tenant and address, and subscriptions by tenant, whatever they
 * are on. A place is taken as long as the thing is open.
 */
import type { IncomingMessage } from "node:http";
import type { Env } from "#shared/config.ts";
import { defineErrors, type AppError } from "#shared/errors.ts";
import type { RouterContext } from "../../request-context.ts";
import { countedAs } from "./seen-from.ts";

export interface PlaceLimits {
  /** Connections of one key, one tenant, one address. */
  key: number;
  tenant: number;
  address: number;
  /** Subscriptions of one tenant. */
  subscriptions: number;
}

/** Half of all sockets for one tenant. */
export function placeLimitsOf(env: Pick<Env, "connectionsPerKey" | "connectionsPerAddress" | "subscriptionsPerTenant">): PlaceLimits {
  return { key: env.connectionsPerKey, tenant: 4_000, address: env.connectionsPerAddress, subscriptions: env.subscriptionsPerTenant };
}

const placeErrors = defineErrors({
  CONNECTIONS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { of: "key" | "tenant" | "address"; limit: number }) =>
      `This ${f.of} has ${f.limit} connections open. Close some; one WebSocket carries many streams.`,
  },
  SUBSCRIPTIONS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { tenantId: string; limit: number }) => `Tenant ${f.tenantId} has ${f.limit} subscriptions open. End some.`,
  },
});

/** Gives a place back; again does nothing. */
export type Leave = () => void;

/** The places of one router. */
export class Places {
  readonly #limits: PlaceLimits;
  readonly #taken = new Map<string, number>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** A connection of an address, before anything else is known of it. @throws AppError CONNECTIONS_LIMIT */
  ofAddress(request: IncomingMessage): Leave {
    const limit = this.#limits.address;
    return this.#take(`address ${countedAs(request)}`, limit) ?? refuse(placeErrors.CONNECTIONS_LIMIT({ of: "address", limit }));
  }

  /** The same of its key and its tenant. @throws AppError CONNECTIONS_LIMIT */
  ofCaller({ identity, info }: Pick<RouterContext, "identity" | "info">): Leave {
    const { key, tenant } = this.#limits;
    const leaveKey = identity.kind === "key" ? this.#take(`key ${identity.caller.keyId}`, key) : () => {};
    if (leaveKey === undefined) throw placeErrors.CONNECTIONS_LIMIT({ of: "key", limit: key });
    const leaveTenant = this.#take(`tenant ${info.tenantId}`, tenant);
    if (leaveTenant !== undefined) return both(leaveKey, leaveTenant);
    leaveKey();
    throw placeErrors.CONNECTIONS_LIMIT({ of: "tenant", limit: tenant });
  }

  /** A subscription of a tenant. @throws AppError SUBSCRIPTIONS_LIMIT */
  ofSubscription(tenantId: string): Leave {
    const limit = this.#limits.subscriptions;
    return this.#take(`subscriptions ${tenantId}`, limit) ?? refuse(placeErrors.SUBSCRIPTIONS_LIMIT({ tenantId, limit }));
  }

  /** Undefined where all are taken. */
  #take(name: string, limit: number): Leave | undefined {
    const taken = this.#taken.get(name) ?? 0;
    if (taken >= limit) return undefined;
    this.#taken.set(name, taken + 1);
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      const left = this.#taken.get(name)! - 1;
      if (left > 0) this.#taken.set(name, left);
      else this.#taken.delete(name);
    };
  }
}

/** Gives back two places with one call. */
export function both(first: Leave, second: Leave): Leave {
  return () => {
    first();
    second();
  };
}

function refuse(error: AppError): never {
  throw error;
}
