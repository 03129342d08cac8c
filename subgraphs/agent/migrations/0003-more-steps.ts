import { Migration } from "@mikro-orm/migrations";

/** An agent may make 500 model calls in a run. */
export class MoreSteps0003 extends Migration {
  override up(): void {
    this.addSql(`alter table agent.agent_version drop constraint agent_version_max_steps_check,
      add constraint agent_version_max_steps_check check (max_steps between 1 and 500)`);
  }

  override down(): void {
    // Versions that have more steps stay.
    this.addSql(`alter table agent.agent_version drop constraint agent_version_max_steps_check,
      add constraint agent_version_max_steps_check check (max_steps between 1 and 64) not valid`);
  }
}
