import { Migration } from "@mikro-orm/migrations";

/**
 * What a run is given beside its input, fixed when it is created: the messages of its session before it, and values of its state with the number of the event from
 * which on they hold; of a run that was made of another the time that stands for its creation, and the model calls that it took over.
 */
export class Builders0016 extends Migration {
  override up(): void {
    this.addSql(`alter table runtime.run add history json, add given_state json, add given_state_seq integer, add scope_now timestamptz,
      add kept_model_calls integer, add kept_prompt_tokens float8, add kept_completion_tokens float8`);
  }

  override down(): void {
    this.addSql(`alter table runtime.run drop kept_completion_tokens, drop kept_prompt_tokens, drop kept_model_calls, drop scope_now,
      drop given_state_seq, drop given_state, drop history`);
  }
}
