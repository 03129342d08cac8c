import { Migration } from "@mikro-orm/migrations";

/** Digits of scripts that have spaces, ten behind each of these. */
const zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66];
const katakana = [...run(0x30a1, 0x30f6), ...run(0x30fd, 0x30fe)];

/** A word as shared/words.ts has it since then; frozen, for what a migration does never changes. */
const folded = `translate(word, 'ةىیک${String.fromCodePoint(...katakana, ...zeros.flatMap((zero) => run(zero, zero + 9)))}',
  'هييك${String.fromCodePoint(...katakana.map((code) => code - 0x60))}${"0123456789".repeat(zeros.length)}')`;

/**
 * Memories that say `コーヒー` are found by `こーひー` too, `٤٧١١` by `4711`: their words are folded as those of queries are. Tenant by tenant, as the policy binds
 * the table's owner too, and 10,000 memories at a time, each held before its words are, as those hold it who change or delete it beside this: nobody waits in a circle,
 * who reads does not wait, and what has no such words can be changed. Old processes that remember something meanwhile, or later, go on with the words of
 * before, which queries ask for too (shared/older-words.ts).
 */
export class KanaAndDigits0008 extends Migration {
  override up(): void {
    this.addSql(`do $$
      declare
        tenants text[];
        tenant text;
        held text[];
        last text;
      begin
        -- No tenant's id: it is what the embedder says that looks after all.
        perform set_config('app.tenant_id', '*', true);
        select array_agg(tenant_id) into tenants from memory.embedding_tenant;
        foreach tenant in array coalesce(tenants, '{}') loop
          perform set_config('app.tenant_id', tenant, true);
          last := '';
          loop
            held := array(
              select m.id from memory.memory m
              cross join lateral (
                select from memory.memory_word
                where memory_id = m.id and octet_length(word) > char_length(word) and word <> ${folded}
                limit 1
              ) w
              where m.tenant_id = tenant and m.id > last
              order by m.id limit 10000
              for no key update of m
            );
            exit when held = '{}';
            last := held[cardinality(held)];
            with changed as (
              delete from memory.memory_word
              where memory_id = any(held) and octet_length(word) > char_length(word) and word <> ${folded}
              returning tenant_id, scope_type, scope_id, memory_id, ${folded} as plain, frequency
            )
            insert into memory.memory_word (tenant_id, scope_type, scope_id, memory_id, word, frequency)
            select tenant_id, scope_type, scope_id, memory_id, plain, sum(frequency) from changed
            group by tenant_id, scope_type, scope_id, memory_id, plain
            on conflict (memory_id, word) do update set frequency = memory_word.frequency + excluded.frequency;
          end loop;
        end loop;
        perform set_config('app.tenant_id', '', true);
      end
    $$`);
  }

  /** The letters are gone: the version before finds these memories by the plain spelling alone, until their texts are changed. */
  override down(): void {}
}

function run(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
