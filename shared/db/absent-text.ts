/**
 * PostgreSQL stores no text with U+0000 and refuses a statement that holds it. To a statement that only reads, such a text is one that no
 * row has: a malformed id is an unknown id, and no error. Statements that write keep it, and are refused (TEXT_NOT_STORABLE).
 */

const nul = "\u0000";
/** A noncharacter: it stands in no text that means anything. */
const standIn = "\uffff";

/** A statement as PostgreSQL takes it; the ORM writes some values into the text. */
interface Readable {
  sql: string;
  parameters: readonly unknown[];
}

/** The statement without U+0000 where it is a `select`; as it is where it writes, or has none. */
export function readable<S extends Readable>(statement: S): S {
  const { sql, parameters } = statement;
  if (!(sql.includes(nul) || parameters.some(holdsNul)) || !/^\s*select\b/i.test(sql)) return statement;
  return { ...statement, sql: sql.replaceAll(nul, standIn), parameters: parameters.map(withoutNul) };
}

function holdsNul(value: unknown): boolean {
  return typeof value === "string" ? value.includes(nul) : Array.isArray(value) && value.some(holdsNul);
}

function withoutNul(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNul);
  return typeof value === "string" ? value.replaceAll(nul, standIn) : value;
}
