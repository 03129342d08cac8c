/**
 * The hash chain of audits: of each tenant and day the rows follow each other, each link's hash made of the row's and of the link's before it, with a key
 * that no database holds in clear. So a row that is changed, removed or put in by whoever may write to the tables, but has not the key, is found
 * (audit-verify.ts). Rows are chained after they were stored, in batches, each one transaction: a process that is killed leaves none half done.
 */
import { createHmac, type KeyObject } from "node:crypto";
import type pg from "pg";
import {
  chainableRead,
  chainEnds,
  chainLock,
  headsUpsert,
  linksInsert,
  unchainedTake,
  type ChainableRow,
  type ChainEnd,
} from "./audit-chain.sql.ts";

/** A link's content, beside the link before. */
export interface LinkFacts {
  tenantId: string;
  day: string;
  seq: bigint;
  auditId: string;
  /** A change whose outcome was not known: the row may be chained once more, with it. */
  isOpen: boolean;
  /** Of what of the row never changes. */
  fixedHash: Buffer;
  /** Of all of it. */
  rowHash: Buffer;
}

interface Link extends LinkFacts {
  hash: Buffer;
}

/** What the first link of a chain has before it. */
export const chainBegin = Buffer.alloc(32);

/** Hashes with the key of chains. */
export function chainHashes(key: KeyObject) {
  const hashOf = (...parts: (string | Buffer)[]) => {
    const hmac = createHmac("sha256", key);
    // The length before each: no two lists of parts are the same bytes.
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    return hmac.digest();
  };
  return {
    fixed: (fixed: string) => hashOf("fixed", fixed),
    row: (fixed: string, outcome: string) => hashOf("row", fixed, outcome),
    link: (before: Buffer, { tenantId, day, seq, auditId, isOpen, fixedHash, rowHash }: LinkFacts) =>
      hashOf("link", before, tenantId, day, String(seq), auditId, String(isOpen), fixedHash, rowHash),
    head: ({ tenantId, day, seq, hash }: { tenantId: string; day: string; seq: bigint; hash: Buffer }) =>
      hashOf("head", tenantId, day, String(seq), hash),
  };
}

/** Rows of one transaction: 8 ms of PostgreSQL's time and 8 of this process's (November 2026). */
const batchRows = 500;

/** Chains up to 500 rows that were not. @returns how many; 0 too while another process is at it. */
export async function chainBatch(pool: pg.Pool, key: KeyObject): Promise<number> {
  const client = await pool.connect();
  let lost: Error | undefined;
  try {
    await client.query("begin isolation level read committed");
    const chained = await chainTaken(client, key);
    await client.query("commit");
    return chained;
  } catch (cause) {
    lost = cause as Error;
    throw cause;
  } finally {
    client.release(lost);
  }
}

async function chainTaken(client: pg.ClientBase, key: KeyObject): Promise<number> {
  const { rows: locks } = await client.query<{ isMine: boolean }>({ text: chainLock });
  if (locks[0]?.isMine !== true) return 0;
  const { rows: taken } = await client.query<{ auditId: string }>({ name: "audits-unchained", text: unchainedTake, values: [batchRows] });
  if (taken.length === 0) return 0;
  const ids = taken.map(({ auditId }) => auditId);
  const { rows } = await client.query<ChainableRow>({ name: "audits-chainable", text: chainableRead, values: [ids] });
  const links = linksOf(rows, await endsOf(client, rows), key);
  await store(client, links, key);
  return taken.length;
}

const chainName = ({ tenantId, day }: { tenantId: string; day: string }) => `${tenantId} ${day}`;

async function endsOf(client: pg.ClientBase, rows: readonly ChainableRow[]): Promise<Map<string, ChainEnd>> {
  const chains = [...new Map(rows.map((row) => [chainName(row), row])).values()];
  const values = [chains.map(({ tenantId }) => tenantId), chains.map(({ day }) => day)];
  const { rows: ends } = await client.query<ChainEnd>({ name: "audit-chain-ends", text: chainEnds, values });
  return new Map(ends.map((end) => [chainName(end), end]));
}

function linksOf(rows: readonly ChainableRow[], ends: ReadonlyMap<string, ChainEnd>, key: KeyObject): Link[] {
  const hashes = chainHashes(key);
  const last = new Map([...ends].map(([name, { seq, hash }]) => [name, { seq: BigInt(seq), hash }]));
  return rows.map(({ auditId, tenantId, day, isOpen, fixed, outcome }) => {
    const before = last.get(chainName({ tenantId, day })) ?? { seq: 0n, hash: chainBegin };
    const seq = before.seq + 1n;
    const facts = { tenantId, day, seq, auditId, isOpen, fixedHash: hashes.fixed(fixed), rowHash: hashes.row(fixed, outcome) };
    const link = { ...facts, hash: hashes.link(before.hash, facts) };
    last.set(chainName(link), link);
    return link;
  });
}

async function store(client: pg.ClientBase, links: readonly Link[], key: KeyObject): Promise<void> {
  const column = <K extends keyof Link>(name: K, of = links) => of.map((link) => link[name]);
  const names = ["tenantId", "day", "seq", "auditId", "isOpen", "fixedHash", "rowHash", "hash"] as const;
  await client.query({ name: "audit-links", text: linksInsert, values: names.map((name) => column(name)) });
  const heads = [...new Map(links.map((link) => [chainName(link), link])).values()];
  const { head } = chainHashes(key);
  const values = [column("tenantId", heads), column("day", heads), column("seq", heads), heads.map(head)];
  await client.query({ name: "audit-heads", text: headsUpsert, values });
}
