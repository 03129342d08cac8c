import { Migration } from "@mikro-orm/migrations";

const refusal = (code: string): string => `create or replace function runtime.refuse_terminal() returns trigger language plpgsql as $$
begin
  raise exception 'a terminal % does not change', tg_table_name using errcode = '${code}';
end $$`;

/** The refusal of a change to a terminal row has a code of its own: AP001 says that a session has no tenant, which is about no row. */
export class TerminalRefusal0005 extends Migration {
  override up(): void {
    this.addSql(refusal("AP002"));
  }

  override down(): void {
    this.addSql(refusal("AP001"));
  }
}
