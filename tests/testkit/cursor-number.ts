/** The number that a cursor of a stream is in disguise. */
export function numberIn(cursor: string): number {
  return Number(Buffer.from(cursor, "base64url").toString().split(":").at(-1));
}
