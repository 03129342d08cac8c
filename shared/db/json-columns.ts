/**
 * Statements of a migration that turns columns from jsonb to json, or back: json keeps an object's keys in the order in which they were written, jsonb
 * sorts them. What is there keeps the order that jsonb gave it. Each table is rewritten, and locked while that lasts.
 */
export function jsonColumns(schema: string, columns: Readonly<Record<string, readonly string[]>>, type: "json" | "jsonb"): string[] {
  return Object.entries(columns).map(([table, names]) => {
    // One statement a table, so that it is rewritten once.
    const changes = names.map((name) => `alter column ${name} type ${type} using ${name}::${type}`);
    return `alter table ${schema}.${table} ${changes.join(", ")}`;
  });
}
