import { Migration } from "@mikro-orm/migrations";

/** Marks that Hebrew and Arabic may be written without, and the line that makes an Arabic word longer. */
const marks = [...between(0x591, 0x5bd), 0x5bf, 0x5c1, 0x5c2, 0x5c4, 0x5c5, 0x5c7, 0x640, ...between(0x64b, 0x652), 0x670];

/** A word as shared/words.ts has it since then; frozen, for what a migration does never changes. */
const folded = `left(translate(replace(replace(replace(replace(word, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
  'øłđðıħŧŋəɛɔɨʉɓɗɖɠǥƙɲƥʋƴƒƶςأإآٱ${String.fromCodePoint(...marks)}', 'olddihtneeoiubddggknpvyfzσاااا'), 64)`;

/** Memories that say `Straße` are found by `strasse` too: their words are folded as those of queries are. */
export class LettersFolded0003 extends Migration {
  override up(): void {
    // The words of all tenants, and the policy binds the table's owner too.
    this.addSql("alter table memory.memory_word no force row level security");
    this.addSql(`with changed as (
        delete from memory.memory_word where octet_length(word) > char_length(word) and word <> ${folded}
        returning tenant_id, scope_type, scope_id, memory_id, ${folded} as plain, frequency
      )
      insert into memory.memory_word (tenant_id, scope_type, scope_id, memory_id, word, frequency)
      select tenant_id, scope_type, scope_id, memory_id, plain, sum(frequency) from changed where plain <> ''
      group by tenant_id, scope_type, scope_id, memory_id, plain
      on conflict (memory_id, word) do update set frequency = memory_word.frequency + excluded.frequency`);
    this.addSql("alter table memory.memory_word force row level security");
  }

  /** The letters are gone; the version before finds the plain ones. */
  override down(): void {}
}

function between(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
