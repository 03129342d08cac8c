import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { onDuplicate } from "#shared/db/errors.ts";
import { checkItems, excerpt } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import type { SecretBox } from "#shared/secret/secrets.ts";
import type { AccessContext } from "../access.services.ts";
import { secretErrors } from "../errors.ts";
import { Secret } from "./secret.entity.ts";
import type { CreateSecretInput, SecretValue, SecretValuesInput, UpdateSecretInput } from "./secret.inputs.ts";
import { checkOrigins, checkSecretName, checkSecretValue } from "./secret.rules.ts";

/** Secrets of one tenant. */
const maxSecrets = 1_000;
/** Secrets of one call. */
const maxNames = 50;
/** Who makes calls: nobody else needs a value. */
const callers: readonly (string | undefined)[] = ["tool", "model"];

/** Makes a secret. @throws AppError SECRET_NAME_TAKEN, SECRETS_LIMIT, and what secret.rules.ts refuses */
export async function createSecret(context: AccessContext, input: CreateSecretInput): Promise<Secret> {
  const { db } = context;
  const name = checkSecretName(input.name);
  const value = checkSecretValue(input.value);
  const origins = checkOrigins(input.origins);
  const box = await context.tenantSecrets();
  const id = newId();
  const now = databaseNow();
  return onDuplicate(
    "secret_name",
    (cause) => secretErrors.SECRET_NAME_TAKEN({ field: "name", value: name }, { cause }),
    () =>
      db.transaction(async ({ em }) => {
        if ((await em.count(Secret, {})) >= maxSecrets) throw secretErrors.SECRETS_LIMIT({ limit: maxSecrets });
        const sealed = box.seal(value, bindingOf({ id, origins }));
        return em.create(Secret, { id, tenantId: db.tenantId, name, origins, sealed, createdAt: now, updatedAt: now });
      }),
  );
}

/**
 * Changes what is given. Without the value the origins can only become fewer.
 *
 * @throws AppError SECRET_NOT_FOUND, SECRET_ORIGIN_ADDED, and what secret.rules.ts refuses
 */
export async function updateSecret(context: AccessContext, id: string, input: UpdateSecretInput): Promise<Secret> {
  const value = input.value == null ? undefined : checkSecretValue(input.value);
  const origins = input.origins == null ? undefined : checkOrigins(input.origins);
  const box = await context.tenantSecrets();
  return context.db.transaction(async (tx) => {
    const secret = await lockSecret(tx, id);
    const next = origins ?? secret.origins;
    const added = next.find((origin) => !secret.origins.includes(origin));
    if (value === undefined && added !== undefined) throw secretErrors.SECRET_ORIGIN_ADDED({ field: "origins", value: added });
    const known = value ?? box.open(secret.sealed, bindingOf(secret));
    secret.sealed = box.seal(known, bindingOf({ id, origins: next }));
    secret.origins = next;
    secret.updatedAt = databaseNow();
    return secret;
  });
}

/** Deletes a secret, value and all. @throws AppError SECRET_NOT_FOUND */
export async function deleteSecret({ db }: AccessContext, id: string): Promise<Secret> {
  return db.transaction(async (tx) => {
    const secret = await lockSecret(tx, id);
    tx.em.remove(secret);
    return secret;
  });
}

/**
 * Values for one call, for those that make calls.
 *
 * @throws AppError SECRET_CALLER_REFUSED, SECRET_UNKNOWN, SECRET_ORIGIN_MISMATCH: all before anything is sent
 */
export async function secretValues(context: AccessContext, { names, origin }: SecretValuesInput): Promise<SecretValue[]> {
  const { db, caller } = context;
  if (!callers.includes(caller)) throw secretErrors.SECRET_CALLER_REFUSED({});
  checkItems("names", names, maxNames);
  const found = await db.read(({ em }) => em.find(Secret, { name: { $in: [...names] } }));
  const byName = new Map(found.map((secret) => [secret.name, secret]));
  const secrets = names.map((name) => allowed(byName.get(name), { name, origin }));
  const box: SecretBox = await context.tenantSecrets();
  return secrets.map((secret) => ({ name: secret.name, value: box.open(secret.sealed, bindingOf(secret)) }));
}

function allowed(secret: Secret | undefined, { name, origin }: { name: string; origin: string }): Secret {
  const facts = { retryable: false, effectUnknown: false } as const;
  if (secret === undefined) throw secretErrors.SECRET_UNKNOWN({ name: excerpt(name), ...facts });
  if (secret.origins.includes(origin)) return secret;
  throw secretErrors.SECRET_ORIGIN_MISMATCH({ name, origin: excerpt(origin), origins: secret.origins, ...facts });
}

async function lockSecret({ em }: Tx, id: string): Promise<Secret> {
  const secret = await em.findOne(Secret, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (secret === null) throw secretErrors.SECRET_NOT_FOUND({ id });
  return secret;
}

/** What a value is sealed for: origins that somebody writes into the table do not open it. */
function bindingOf({ id, origins }: Pick<Secret, "id" | "origins">): string {
  return JSON.stringify(["access.secret", id, ...origins]);
}
