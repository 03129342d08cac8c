/** Holds audits against their chains (audit-chain.ts), and says where they differ. */
import type { KeyObject } from "node:crypto";
import type pg from "pg";
import { chainBegin, chainHashes } from "./audit-chain.ts";
import { chainEndRead, chainsRead, linksRead, strangersRead, type ChainEnd, type KnownChain, type StoredLink } from "./audit-chain.sql.ts";

/**
 * What is wrong. CHANGED: a row is not as it was chained. REMOVED: it is gone. INSERTED: a row stands in no chain, and was not stored by the platform.
 * LINK_CHANGED, LINK_REMOVED: the chain itself. CUT: its end is gone, or was put in by somebody else.
 */
export type AuditFault = "CHANGED" | "REMOVED" | "INSERTED" | "LINK_CHANGED" | "LINK_REMOVED" | "CUT";

/** A place where audits are not as they were written. */
export interface BrokenPlace {
  fault: AuditFault;
  tenantId: string;
  day: string;
  /** The link's number in the chain of that day; null where there is none. */
  seq: number | null;
  /** The row's id; null where the chain alone is wrong. */
  auditId: string | null;
}

/** A chain that was looked through. */
export interface VerifiedChain {
  tenantId: string;
  day: string;
  links: number;
  /** Of its last link, in hex: noted elsewhere it shows later that nothing was taken back. */
  head: string;
}

/** What is told as it is found. */
export interface VerifyTelling {
  chain(chain: VerifiedChain): void;
  broken(place: BrokenPlace): void;
}

const pageRows = 1_000;

/** What is looked through. */
export interface VerifyOptions {
  /** All tenants when undefined. */
  tenantId: string | undefined;
  tell: VerifyTelling;
  /** What is older is on its way out (audit-removal.ts), and not looked at; everything is when undefined. */
  keptFrom?: Date | undefined;
}

/** Looks through all chains of a tenant, or of all, and through all rows. */
export async function verifyAudits(pool: pg.Pool, key: KeyObject, { tenantId, tell, keptFrom }: VerifyOptions): Promise<void> {
  let after: KnownChain = { tenantId: "", day: "-infinity" };
  for (;;) {
    const values = [tenantId ?? null, after.tenantId, after.day, pageRows, keptFrom ?? null];
    const { rows } = await pool.query<KnownChain>({ text: chainsRead, values });
    for (const chain of rows) tell.chain(await verifyChain(pool, key, { chain, tell }));
    if (rows.length < pageRows) break;
    after = rows.at(-1)!;
  }
  await findStrangers(pool, { tenantId, tell, keptFrom });
}

async function verifyChain(
  pool: pg.Pool,
  key: KeyObject,
  { chain, tell }: { chain: KnownChain; tell: VerifyTelling },
): Promise<VerifiedChain> {
  const { tenantId, day } = chain;
  const walk = new ChainWalk(key, chain, (fault, seq, auditId) => tell.broken({ fault, tenantId, day, seq, auditId }));
  for (;;) {
    const { rows } = await pool.query<StoredLink>({ text: linksRead, values: [tenantId, day, String(walk.seq), pageRows] });
    for (const link of rows) walk.take(link);
    if (rows.length === pageRows) continue;
    const { rows: ends } = await pool.query<ChainEnd>({ text: chainEndRead, values: [tenantId, day] });
    const end = ends[0]!;
    // One that has grown meanwhile has its end further on.
    if (end.lastSeq === null || BigInt(end.lastSeq) <= walk.seq) return walk.end(end);
  }
}

/** One chain, link by link. */
class ChainWalk {
  readonly #hashes: ReturnType<typeof chainHashes>;
  readonly #chain: KnownChain;
  readonly #broken: (fault: AuditFault, seq: number | null, auditId: string | null) => void;
  #before: Buffer = chainBegin;
  #links = 0;
  /** Of the last link that was taken. */
  seq = 0n;

  constructor(key: KeyObject, chain: KnownChain, broken: (fault: AuditFault, seq: number | null, auditId: string | null) => void) {
    this.#hashes = chainHashes(key);
    this.#chain = chain;
    this.#broken = broken;
  }

  take(link: StoredLink): void {
    const seq = BigInt(link.seq);
    const isNext = seq === this.seq + 1n;
    if (!isNext) this.#broken("LINK_REMOVED", Number(this.seq + 1n), null);
    const { tenantId, day } = this.#chain;
    const expected = this.#hashes.link(this.#before, { ...link, tenantId, day, seq });
    // Behind a gap the link before is not known: the hash cannot be made.
    if (isNext && !expected.equals(link.hash)) this.#broken("LINK_CHANGED", Number(seq), link.auditId);
    this.#row(link, Number(seq));
    [this.seq, this.#before] = [seq, link.hash];
    this.#links++;
  }

  end({ headSeq, mac }: ChainEnd): VerifiedChain {
    const { tenantId, day } = this.#chain;
    const isEnd = headSeq !== null && BigInt(headSeq) === this.seq;
    const own = this.#hashes.head({ tenantId, day, seq: this.seq, hash: this.#before });
    if (!isEnd || mac === null || !own.equals(mac)) this.#broken("CUT", Number(this.seq), null);
    return { tenantId, day, links: this.#links, head: this.#before.toString("hex") };
  }

  #row(
    { auditId, fixed, outcome, fixedHash, rowHash, isSuperseded, priorIsOpen, priorFixedHash, isRemoved }: StoredLink,
    seq: number,
  ): void {
    if (isRemoved) return this.#broken("REMOVED", seq, auditId);
    const hasChanged = isSuperseded ? !this.#hashes.fixed(fixed).equals(fixedHash) : !this.#hashes.row(fixed, outcome).equals(rowHash);
    // A row is chained once more only where its outcome was not known, and nothing else of it may be another then.
    const isChainedAnew = priorIsOpen === false || (priorFixedHash !== null && !priorFixedHash.equals(fixedHash));
    if (hasChanged || isChainedAnew) this.#broken("CHANGED", seq, auditId);
  }
}

async function findStrangers(pool: pg.Pool, { tenantId, tell, keptFrom }: VerifyOptions): Promise<void> {
  let after = "";
  for (;;) {
    const values = [tenantId ?? null, after, pageRows, keptFrom ?? null];
    const { rows } = await pool.query<{ auditId: string; tenantId: string; day: string }>({ text: strangersRead, values });
    for (const row of rows) tell.broken({ fault: "INSERTED", ...row, seq: null });
    if (rows.length < pageRows) return;
    after = rows.at(-1)!.auditId;
  }
}
