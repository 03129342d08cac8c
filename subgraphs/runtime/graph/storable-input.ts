import type { Json } from "#shared/json.ts";
import { runtimeErrors } from "../errors.ts";
import { checkStorableText, maxStorableDepth, NotStorable, storableJson } from "../nodes/storable.ts";

/** A JSON value that a caller gave, by the rule of nodes/storable.ts. @throws AppError TEXT_NOT_STORABLE, NESTED_TOO_DEEP, VALUE_NOT_STORABLE */
export function checkStorable<T extends Json | undefined>(field: string, value: T): T {
  if (value !== undefined) refusing(field, () => storableJson(value, field));
  return value;
}

/** A text that a caller gave. @throws AppError TEXT_NOT_STORABLE */
export function checkStorableInput(field: string, text: string): string {
  refusing(field, () => checkStorableText(text, field));
  return text;
}

function refusing(field: string, check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    const { kind, problem } = cause;
    if (kind === "deep") throw runtimeErrors.NESTED_TOO_DEEP({ field, limit: maxStorableDepth, problem });
    throw kind === "text" ? runtimeErrors.TEXT_NOT_STORABLE({ field, problem }) : runtimeErrors.VALUE_NOT_STORABLE({ field, problem });
  }
}
