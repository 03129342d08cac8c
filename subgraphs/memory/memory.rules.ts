/** What a memory may hold. Each check gives the value as it is stored. */
import { databaseNow, databaseNowMs } from "#shared/database-time.ts";
import { checkStorableText, checkText } from "#shared/fields.ts";
import { memoryErrors } from "./errors.ts";

const contentBytes = 100_000;

/** What is remembered, which reads back as it is. @throws AppError CONTENT_TOO_LARGE, TEXT_TOO_SHORT, TEXT_NOT_STORABLE */
export function checkContent(contentText: string): string {
  const bytes = Buffer.byteLength(contentText);
  if (bytes > contentBytes) throw memoryErrors.CONTENT_TOO_LARGE({ field: "contentText", bytes, max: contentBytes });
  return checkStorableText("contentText", checkText("contentText", contentText, { min: 1, max: contentBytes }));
}

/** A time in the future, or none. @throws AppError EXPIRES_AT_PAST */
export function checkExpiry(expiresAt: Date | null | undefined): Date | null {
  if (expiresAt == null) return null;
  if (expiresAt.getTime() <= databaseNowMs()) throw memoryErrors.EXPIRES_AT_PAST({ field: "expiresAt", value: expiresAt.toISOString() });
  return expiresAt;
}

/** The condition of memories that have not expired. */
export function unexpired(): object {
  return { $or: [{ expiresAt: null }, { expiresAt: { $gt: databaseNow() } }] };
}
