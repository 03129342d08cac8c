import type { Leave } from "./places.ts";

/** What one tenant may hold, and all together. */
export interface HeldLimits {
  tenantBytes: number;
  totalBytes: number;
}

/** Bytes that are held, counted by tenant. */
export class HeldBytes {
  readonly #limits: HeldLimits;
  readonly #tenants = new Map<string, number>();
  #total = 0;

  constructor(limits: HeldLimits) {
    this.#limits = limits;
  }

  /** Counts so many, where there is room for them: what it gives takes them off again, once. */
  hold(tenantId: string, bytes: number): Leave | undefined {
    if (!this.hasTenantRoom(tenantId, bytes) || this.#total + bytes > this.#limits.totalBytes) return undefined;
    this.#add(tenantId, bytes);
    return () => this.#add(tenantId, -bytes);
  }

  /** Whether a tenant may hold so many more, whatever all hold together. */
  hasTenantRoom(tenantId: string, bytes: number): boolean {
    return this.#of(tenantId) + bytes <= this.#limits.tenantBytes;
  }

  #of(tenantId: string): number {
    return this.#tenants.get(tenantId) ?? 0;
  }

  #add(tenantId: string, bytes: number): void {
    this.#total += bytes;
    const held = this.#of(tenantId) + bytes;
    if (held === 0) this.#tenants.delete(tenantId);
    else this.#tenants.set(tenantId, held);
  }
}
