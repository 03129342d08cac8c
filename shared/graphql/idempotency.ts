/**
 * Idempotency keys of mutations: per tenant and operation, the same key with the same input gives the first result; with
 * another input it is refused. The key is recorded in the transaction that makes the result, so both exist or neither.
 */
import { createHash } from "node:crypto";
import type { Tx } from "#shared/db/database.ts";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";
import { AppError } from "#shared/errors.ts";
import { characters, checkStorableText } from "#shared/fields.ts";

const keyLength = 200;
/** So long a key is known, at least. */
const keptDays = 30;
/** Keys of its tenant that are older go with each new one: more than one, so that there are never many of them. */
const removedAtOnce = 20;

/** A mutation that was given a key. */
export interface KeyedCall {
  /** The subgraph's PostgreSQL schema; its migrations ran {@link idempotencyTable}. */
  schema: string;
  /** The mutation's name. */
  operation: string;
  key: string;
  /** Everything that the client gave; the key itself is left out of the comparison. */
  input: object;
}

/**
 * Claims the key for a new result. Concurrent calls with the same key wait for the first one's transaction.
 *
 * @param id the id that the result gets if this call is the first.
 * @returns the id of the first call's result: `id` where this call is the first and must make it.
 * @throws AppError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_INVALID
 */
export async function claimIdempotencyKey(tx: Tx, call: KeyedCall, id: string): Promise<string> {
  checkIdempotencyKey(call.key);
  const [made] = await tx.sql(
    // Another key's: one that is used again just now is not gone yet.
    `with old as (delete from ${call.schema}.idempotency where tenant_id = $5 and (operation, key) in (
       select operation, key from ${call.schema}.idempotency
       where tenant_id = $5 and created_at < now() - interval '${keptDays} days' and key <> $2 order by created_at limit ${removedAtOnce} for update skip locked))
     insert into ${call.schema}.idempotency (tenant_id, operation, key, input_hash, result_id)
     values ($5, $1, $2, $3, $4)
     on conflict (tenant_id, operation, key) do nothing returning result_id`,
    [call.operation, call.key, inputHash(call.input), id, tx.tenantId],
  );
  return made === undefined ? ((await idempotentResult(tx, call)) ?? id) : id;
}

/**
 * The id of the result that the key's first call made; undefined where the key is new. For calls that must do something slow
 * before their transaction.
 *
 * @throws AppError IDEMPOTENCY_KEY_REUSED
 */
export async function idempotentResult(tx: Tx, { schema, operation, key, input }: KeyedCall): Promise<string | undefined> {
  const [first] = await tx.sql<{ input_hash: string; result_id: string }>(
    `select input_hash, result_id from ${schema}.idempotency
     where tenant_id = $3 and operation = $1 and key = $2`,
    [operation, key, tx.tenantId],
  );
  if (first !== undefined && first.input_hash !== inputHash(input)) throw idempotencyKeyReused(key, first.result_id);
  return first?.result_id;
}

/** The error of a key that was used with another input. */
export function idempotencyKeyReused(key: string, resultId: string | undefined): AppError {
  const message = `The idempotency key ${JSON.stringify(key)} was used before, with another input. Use a new key for a new request.`;
  return new AppError("CONFLICT", "IDEMPOTENCY_KEY_REUSED", message, { idempotencyKey: key, resultId });
}

/** @throws AppError IDEMPOTENCY_KEY_INVALID when it is empty or longer than 200 characters, TEXT_NOT_STORABLE: half a character is kept as another key's */
export function checkIdempotencyKey(key: string): string {
  const length = characters(key);
  if (length > 0 && length <= keyLength) return checkStorableText("idempotencyKey", key);
  const message = `idempotencyKey has ${length} characters; give 1 to ${keyLength}.`;
  throw new AppError("BAD_USER_INPUT", "IDEMPOTENCY_KEY_INVALID", message, { field: "idempotencyKey", length, max: keyLength });
}

/** A hash of an input, whatever the order of its keys; a null field means the same as none, and the key itself does not count. */
export function inputHash(input: object): string {
  const given = Object.entries(input).filter(([name, value]) => name !== "idempotencyKey" && value !== null && value !== undefined);
  return createHash("sha256")
    .update(canonicalJson(Object.fromEntries(given)))
    .digest("base64url");
}

/** JSON with sorted keys. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The index by which keys that are old enough are found, for a migration behind {@link idempotencyTable}. */
export function idempotencyAge(schema: string): string {
  return `create index idempotency_age on ${schema}.idempotency (tenant_id, created_at)`;
}

/** The statements that make a schema's table of keys, for a migration. */
export function idempotencyTable(schema: string): string[] {
  return [
    `create table ${schema}.idempotency (
      tenant_id text not null,
      operation text not null,
      key text not null,
      input_hash text not null,
      result_id text not null,
      created_at timestamptz not null default now(),
      primary key (tenant_id, operation, key)
    )`,
    ...tenantPolicy(`${schema}.idempotency`),
  ];
}
