import { Migration } from "@mikro-orm/migrations";

/** How each provider departs from the OpenAI API: its headers and query, parameters, and time to the first byte. */
export class ProviderSettings0002 extends Migration {
  override up(): void {
    this.addSql(`alter table model.model_provider
      add column api_key_header text,
      add column headers_sealed text,
      add column header_names json not null default '[]',
      add column query json not null default '{}',
      add column omit_parameters json not null default '[]',
      add column extra_parameters json not null default '{}',
      add column first_byte_timeout_seconds double precision`);
  }

  override down(): void {
    this.addSql(`alter table model.model_provider
      drop column api_key_header,
      drop column headers_sealed,
      drop column header_names,
      drop column query,
      drop column omit_parameters,
      drop column extra_parameters,
      drop column first_byte_timeout_seconds`);
  }
}
