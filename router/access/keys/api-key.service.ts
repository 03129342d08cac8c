import { LockMode } from "@mikro-orm/core";
import { databaseNow, databaseNowMs } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { checkName } from "#shared/fields.ts";
import { bootstrapScope, expandScopes, tenantScopes } from "#shared/scopes.ts";
import type { AccessContext } from "../access.services.ts";
import { ApiKey, ApiKeyStatus } from "./api-key.entity.ts";
import type { CreateApiKeyInput, CreatedApiKey } from "./api-key.inputs.ts";
import { keyErrors } from "../errors.ts";
import { epochLock, keyEpoch } from "./key.sql.ts";
import { storeNewKey, type NewKey } from "./new-key.ts";
import { requireKeys } from "../access.services.ts";

/** Keys of one tenant that are neither revoked nor have expired, at most. */
const maxKeys = 1_000;

/** Makes a key; without one, the first of the platform. @throws AppError SCOPE_UNKNOWN, SCOPE_NOT_HELD, EXPIRY_INVALID, API_KEYS_LIMIT, BOOTSTRAP_REFUSED */
export async function createApiKey(context: AccessContext, input: CreateApiKeyInput): Promise<CreatedApiKey> {
  const scopes = input.scopes == null ? null : expandScopes(input.scopes);
  const isBootstrap = context.scopes?.includes(bootstrapScope) === true;
  if (!isBootstrap) requireHeld(context, scopes ?? tenantScopes);
  const made = { name: checkName(input.name), scopes, expiresAt: checkExpiry(input.expiresAt) };
  return storeKey(context, made, (tx) => (isBootstrap ? requireFirst(tx) : requireRoom(tx)));
}

/**
 * Changes whether a key is accepted. What is REVOKED stays so.
 *
 * @throws AppError API_KEY_NOT_FOUND, API_KEY_REVOKED
 */
export function updateApiKeyStatus(context: AccessContext, id: string, status: ApiKeyStatus): Promise<ApiKey> {
  return changeKey(context, { id, isEnd: status !== ApiKeyStatus.ACTIVE }, (_tx, key) => {
    if (key.status === ApiKeyStatus.REVOKED && status !== ApiKeyStatus.REVOKED) throw keyErrors.API_KEY_REVOKED({ id });
    if (status === ApiKeyStatus.ACTIVE) requireHeld(context, key.scopes ?? tenantScopes);
    key.status = status;
    return Promise.resolve(key);
  });
}

/**
 * Makes a key that may do what another may, which ends when the overlap is over. A key is replaced once: the end that it has since is the overlap's, with which a
 * second replacement would end too, and a shorter overlap would end it before those who have it expect that.
 *
 * @throws AppError API_KEY_NOT_FOUND, API_KEY_REVOKED, API_KEY_REPLACED, API_KEY_EXPIRED, SCOPE_NOT_HELD, API_KEYS_LIMIT
 */
export function rotateApiKey(context: AccessContext, id: string, overlapSeconds: number): Promise<CreatedApiKey> {
  const endsAt = new Date(databaseNowMs() + overlapSeconds * 1_000);
  const { db, apiKeyId } = context;
  return changeKey(context, { id, isEnd: true }, async (tx, old) => {
    if (old.status === ApiKeyStatus.REVOKED) throw keyErrors.API_KEY_REVOKED({ id });
    requireHeld(context, old.scopes ?? tenantScopes);
    const { name, scopes, expiresAt, replacedBy } = old;
    if (replacedBy !== null) throw keyErrors.API_KEY_REPLACED({ id, replacedBy, expiresAt: expiresAt?.toISOString() ?? null });
    // The new one would end with it, and so be accepted nowhere.
    if (expiresAt !== null && expiresAt.getTime() <= databaseNowMs())
      throw keyErrors.API_KEY_EXPIRED({ id, expiresAt: expiresAt.toISOString() });
    await requireRoom(tx);
    const made: NewKey = { tenantId: db.tenantId, name, scopes, expiresAt, createdBy: apiKeyId ?? null };
    const stored = await storeNewKey((text, values) => tx.sql(text, values), requireKeys(context).peppers, made);
    old.replacedBy = stored.id;
    if (expiresAt === null || expiresAt > endsAt) old.expiresAt = endsAt;
    return { secret: stored.secret, apiKey: await tx.em.findOneOrFail(ApiKey, { id: stored.id }) };
  });
}

interface KeyChange {
  id: string;
  /** Whether the key ends by it, now or later. */
  isEnd: boolean;
}

/**
 * Changes a key, and tells all routers. Whoever ends their own key, which was accepted until then, is answered before what they asked over is closed: the secret of a
 * new one is shown once.
 */
async function changeKey<T>(context: AccessContext, { id, isEnd }: KeyChange, change: (tx: Tx, key: ApiKey) => Promise<T>): Promise<T> {
  const own = isEnd && id === context.apiKeyId ? context.ownKeyChanges : undefined;
  let epoch: string | undefined;
  try {
    const changed = await context.db.transaction(async (tx) => {
      const key = await lockKey(tx, id);
      const wasActive = key.status === ApiKeyStatus.ACTIVE;
      const made = await change(tx, key);
      if (own === undefined || !wasActive) return made;
      await tx.em.flush();
      // Before it is committed, for it is heard then. The number is of this change alone: its lock is held until then.
      const [row] = await tx.sql<{ epoch: string }>(keyEpoch, [id]);
      own.hold((epoch = row!.epoch));
      return made;
    });
    requireKeys(context).tellChange(id);
    return changed;
  } catch (error) {
    // The next change of any key gets the number that this one would have had.
    if (epoch !== undefined) own?.drop(epoch);
    throw error;
  }
}

async function storeKey(
  context: AccessContext,
  made: Pick<NewKey, "name" | "scopes" | "expiresAt">,
  check: (tx: Tx) => Promise<void>,
): Promise<CreatedApiKey> {
  const { db, apiKeyId } = context;
  const keys = requireKeys(context);
  const created = await db.transaction(async (tx) => {
    await check(tx);
    const all: NewKey = { ...made, tenantId: db.tenantId, createdBy: apiKeyId ?? null };
    const { id, secret } = await storeNewKey((text, values) => tx.sql(text, values), keys.peppers, all);
    return { secret, apiKey: await tx.em.findOneOrFail(ApiKey, { id }) };
  });
  keys.tellChange(created.apiKey.id);
  return created;
}

/** Many come at once, of which one is the first. @throws AppError BOOTSTRAP_REFUSED */
async function requireFirst(tx: Tx): Promise<void> {
  const [found] = await tx.sql<{ hasKeys: boolean }>(epochLock);
  if (found?.hasKeys !== false) throw keyErrors.BOOTSTRAP_REFUSED({});
}

async function requireRoom({ em }: Tx): Promise<void> {
  const lasting = { $or: [{ expiresAt: null }, { expiresAt: { $gt: databaseNow() } }] };
  if ((await em.count(ApiKey, { status: { $ne: ApiKeyStatus.REVOKED }, ...lasting })) >= maxKeys)
    throw keyErrors.API_KEYS_LIMIT({ limit: maxKeys });
}

/** The key, locked. Keys that act for any tenant are the command line's to change. @throws AppError API_KEY_NOT_FOUND */
async function lockKey({ em }: Tx, id: string): Promise<ApiKey> {
  const key = await em.findOne(ApiKey, { id, isAdmin: false }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (key === null) throw keyErrors.API_KEY_NOT_FOUND({ id });
  return key;
}

/** Nobody gives what they have not. @throws AppError SCOPE_NOT_HELD */
function requireHeld({ scopes: held }: AccessContext, given: readonly string[]): void {
  const lacking = held && given.find((scope) => !held.includes(scope));
  if (lacking !== undefined) throw keyErrors.SCOPE_NOT_HELD({ scope: lacking });
}

function checkExpiry(expiresAt: Date | null | undefined): Date | null {
  if (expiresAt == null || expiresAt.getTime() > databaseNowMs()) return expiresAt ?? null;
  throw keyErrors.EXPIRY_INVALID({ field: "expiresAt", value: expiresAt.toISOString() });
}
