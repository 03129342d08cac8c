import type { NodeUsage } from "../nodes/executor.ts";
import type { TakenEnd } from "./attempt-end.ts";
import type { HeldNode } from "./held-node.ts";

/**
 * All that a run has to store and has not sent yet. Node rows are kept by path: a flush has one row for each node run, the last that was made. Rows
 * are the texts of node-rows.ts.
 */
export class Pending {
  readonly nodes = new Map<string, string>();
  readonly events: string[] = [];
  readonly offers: string[] = [];
  readonly spans: string[] = [];
  readonly artifacts: string[] = [];
  /** Keys of offered node runs that nobody needs to execute any more. */
  readonly withdrawn: string[] = [];
  /** Nodes whose call begins once this is stored. */
  readonly starts: HeldNode[] = [];
  /** The ends that the rows were made of, for the case that they are refused. */
  readonly ends: TakenEnd[] = [];
  readonly usage: NodeUsage = { modelCalls: 0, promptTokens: 0, completionTokens: 0 };
  hasState = false;

  get isEmpty(): boolean {
    return this.nodes.size === 0 && this.events.length === 0 && this.withdrawn.length === 0;
  }

  /** Whether the short flush statement can store it. */
  get isPlain(): boolean {
    return this.offers.length + this.spans.length + this.artifacts.length + this.withdrawn.length === 0;
  }

  usageAdd(usage: NodeUsage): void {
    this.usage.modelCalls += usage.modelCalls;
    this.usage.promptTokens += usage.promptTokens;
    this.usage.completionTokens += usage.completionTokens;
  }

  /** Puts `later` behind this, for a flush that stored nothing. */
  append(later: Pending): void {
    for (const [path, row] of later.nodes) this.nodes.set(path, row);
    for (const list of ["events", "offers", "spans", "artifacts", "withdrawn"] as const)
      for (const row of later[list]) this[list].push(row);
    for (const held of later.starts) this.starts.push(held);
    for (const end of later.ends) this.ends.push(end);
    this.usageAdd(later.usage);
    this.hasState ||= later.hasState;
  }
}
