import { Migration } from "@mikro-orm/migrations";

/**
 * What is in a frame (its path ends with `#` and a number) is found by its own path, made of the frame's and a node's id: it needs no entry by what it is part of. An
 * entry was a seventh of what an item cost PostgreSQL. A frame's own row, which is in none that ends so but is asked for most, is told by its type: that costs less to ask.
 */
export class PartsByParent0022 extends Migration {
  override up(): void {
    this.addSql(`create index node_run_parts on runtime.node_run (run_id, parent_path, seq)
      where parent_path is not null and (node_type = 'frame' or right(rtrim(parent_path, '0123456789'), 1) <> '#')`);
    this.addSql("drop index runtime.node_run_children");
  }

  override down(): void {
    this.addSql("create index node_run_children on runtime.node_run (run_id, parent_path, seq) where parent_path is not null");
    this.addSql("drop index runtime.node_run_parts");
  }
}
