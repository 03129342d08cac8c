/** Checks of the fields that most records have. Each error names the field, its value and the rule. */
import { defineErrors } from "./errors.ts";
import type { Json, JsonObject } from "./json.ts";
import { maxStorableDepth, NotStorable, requireStorableText, storableAhead, storableJson, type StorableJson } from "./json/storable.ts";
import { jsonBytes } from "./template/text.ts";

const fieldErrors = defineErrors({
  CODE_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) =>
      `${f.field} is ${JSON.stringify(f.value)}. Use 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit.`,
  },
  TEXT_TOO_LONG: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; length: number; max: number }) => `${f.field} has ${f.length} characters; at most ${f.max} are allowed.`,
  },
  TEXT_TOO_SHORT: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; min: number }) =>
      `${f.field} is empty. Give at least ${f.min} ${f.min === 1 ? "character" : "characters"}.`,
  },
  LIST_TOO_LONG: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; length: number; max: number }) => `${f.field} has ${f.length} items; at most ${f.max} are allowed.`,
  },
  NUMBER_OUT_OF_RANGE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: number; min: number; max: number }) => `${f.field} is ${f.value}. Give ${f.min} to ${f.max}.`,
  },
  JSON_TOO_LARGE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; bytes: number; max: number }) => `${f.field} has ${f.bytes} bytes; at most ${f.max} are allowed.`,
  },
  TEXT_NOT_STORABLE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; problem: string }) => `What was given cannot be stored: ${f.problem}. Remove it.`,
  },
  VALUE_NOT_STORABLE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; problem: string }) => `What was given cannot be stored: ${f.problem}. Give a value that JSON has.`,
  },
  NESTED_TOO_DEEP: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; limit: number; problem: string }) =>
      `What was given cannot be stored: ${f.problem}. Nest lists and objects at most ${f.limit} deep.`,
  },
  VERSION_STATUS_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: "status"; value: string }) => `A version cannot be created as ${f.value}. Create it as DRAFT or PUBLISHED.`,
  },
  SCOPE_ID_REQUIRED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: "scopeId"; scope: string }) => `scopeId is missing. Say which ${f.scope.toLowerCase()} it is.`,
  },
  SCOPE_ID_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: "scopeId"; scope: string }) =>
      f.scope === "TENANT"
        ? "scopeId names another tenant. Leave it out: the scope TENANT is the caller's tenant."
        : `scopeId has control characters, or half a character. Give the id of the ${f.scope.toLowerCase()} as it is.`,
  },
});

const codePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A code: what people call a record in URLs and programs. @throws AppError CODE_INVALID */
export function checkCode(field: string, value: string): string {
  if (codePattern.test(value)) return value;
  throw fieldErrors.CODE_INVALID({ field, value: excerpt(value) });
}

/** A text of limited length; blank counts as empty. @throws AppError TEXT_TOO_SHORT, TEXT_TOO_LONG */
export function checkText(field: string, value: string, limits: { min?: number; max: number }): string {
  const { min = 0, max } = limits;
  const length = value.length > max ? characters(value) : 0;
  if (length > max) throw fieldErrors.TEXT_TOO_LONG({ field, length, max });
  if (min > 0 && value.trim().length < min) throw fieldErrors.TEXT_TOO_SHORT({ field, value: excerpt(value), min });
  return value;
}

/** A list of limited length. @throws AppError LIST_TOO_LONG */
export function checkItems<T>(field: string, items: readonly T[], max: number): readonly T[] {
  if (items.length <= max) return items;
  throw fieldErrors.LIST_TOO_LONG({ field, length: items.length, max });
}

/** The characters of a text, as JSON Schema counts them: an emoji is one, though JavaScript keeps it as two units. */
export function characters(text: string): number {
  let count = 0;
  // A pair is one code point above all units. A list of a million of them took 0.05 s.
  for (let at = 0; at < text.length; at++, count++) if (text.codePointAt(at)! > 0xffff) at++;
  return count;
}

/** As much of a text as an error repeats. */
export function excerpt(text: string): string {
  return text.slice(0, 80).toWellFormed();
}

/** A name for people: 1 to 200 characters. */
export function checkName(value: string): string {
  return checkText("name", value, { min: 1, max: 200 });
}

/** A description for people: up to 5,000 characters, or none. */
export function checkDescription(value: string | null | undefined): string | null {
  return value == null ? null : checkText("description", value, { max: 5_000 });
}

/** A number between two bounds. @throws AppError NUMBER_OUT_OF_RANGE */
export function checkRange(field: string, value: number, { min, max }: { min: number; max: number }): number {
  if (value >= min && value <= max) return value;
  throw fieldErrors.NUMBER_OUT_OF_RANGE({ field, value, min, max });
}

/** Bytes of JSON for each that {@link jsonBytes} counts, at most: of a number it counts one, and `-1.2345678901234567e-6` has 25. */
const mostBytesCounted = 25;

/** A JSON value of limited size. One that is to be stored is for {@link checkJson}. @throws AppError JSON_TOO_LARGE */
export function checkJsonSize<T>(field: string, value: T, maxBytes: number): T {
  const surely = maxBytes / mostBytesCounted;
  if (jsonBytes(value as Json, surely) <= surely) return value;
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? "");
  if (bytes <= maxBytes) return value;
  throw fieldErrors.JSON_TOO_LARGE({ field, bytes, max: maxBytes });
}

/** A JSON value that is to be stored, of limited size. @throws AppError JSON_TOO_LARGE and those of {@link checkStorable} */
export function checkJson<T extends Json>(field: string, value: T, maxBytes: number): T {
  return checkStorable(field, checkJsonSize(field, value, maxBytes));
}

/** As {@link checkJson}, of a value that may be large, in turns of the main loop. @returns it with its JSON, which need not be written again */
export async function checkLargeJson(field: string, value: JsonObject, maxBytes: number): Promise<StorableJson> {
  await storableAhead(value, field, { maxBytes: Infinity, replaced: { count: 0 } });
  const stored = refusing(field, () => storableJson(value, field, { maxBytes: Infinity }));
  const bytes = Buffer.byteLength(stored.text);
  if (bytes > maxBytes) throw fieldErrors.JSON_TOO_LARGE({ field, bytes, max: maxBytes });
  return stored;
}

/**
 * A JSON value that can be stored and reads back as it is (json/storable.ts has the rule).
 *
 * @throws AppError TEXT_NOT_STORABLE, NESTED_TOO_DEEP, VALUE_NOT_STORABLE
 */
export function checkStorable<T extends Json>(field: string, value: T): T {
  refusing(field, () => storableJson(value, field));
  return value;
}

/** What has less is checked at once. */
const longBytes = 65_536;

/** As {@link checkStorable}, of a value of any size, in turns of the main loop: an object of 49,000 keys takes up to 0.1 s. */
export async function checkStorableInTurns<T extends Json>(field: string, value: T): Promise<T> {
  const isLong = typeof value === "object" && value !== null && jsonBytes(value, longBytes) > longBytes;
  if (isLong) await storableAhead(value, field, { maxBytes: Infinity, replaced: { count: 0 } });
  refusing(field, () => storableJson(value, field, { maxBytes: Infinity }));
  return value;
}

/** A text that can be stored and reads back as it is. @throws AppError TEXT_NOT_STORABLE */
export function checkStorableText(field: string, text: string): string {
  refusing(field, () => requireStorableText(text, field));
  return text;
}

function refusing<T>(field: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    const { kind, problem } = cause;
    if (kind === "deep") throw fieldErrors.NESTED_TOO_DEEP({ field, limit: maxStorableDepth, problem });
    throw kind === "text" ? fieldErrors.TEXT_NOT_STORABLE({ field, problem }) : fieldErrors.VALUE_NOT_STORABLE({ field, problem });
  }
}

/** The status of a new version: any but ARCHIVED. @throws AppError VERSION_STATUS_INVALID */
export function creatableStatus<S extends string>(status: S): S {
  if (status !== "ARCHIVED") return status;
  throw fieldErrors.VERSION_STATUS_INVALID({ field: "status", value: status });
}

/**
 * Whose something is, where it is a tenant's, a user's, a team's, ...: the tenant itself for TENANT, the id that is given for the others.
 *
 * @throws AppError SCOPE_ID_REQUIRED, SCOPE_ID_INVALID (TENANT with another id than the caller's tenant; control characters)
 */
export function checkScopeId(scope: string, scopeId: string | null | undefined, tenantId: string): string {
  if (scope !== "TENANT" && scopeId == null) throw fieldErrors.SCOPE_ID_REQUIRED({ field: "scopeId", scope });
  if (scope === "TENANT" && (scopeId ?? tenantId) !== tenantId) throw fieldErrors.SCOPE_ID_INVALID({ field: "scopeId", scope });
  const id = checkText("scopeId", scopeId ?? tenantId, { min: 1, max: 200 });
  if (/[\p{Cc}\p{Cs}]/u.test(id)) throw fieldErrors.SCOPE_ID_INVALID({ field: "scopeId", scope });
  return id;
}

/** The changes of an update: null where a field cannot be cleared means "leave it". */
export function given<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
