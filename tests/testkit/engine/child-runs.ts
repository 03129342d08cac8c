/** Runs that make runs, on an engine of a test: what they tell each other is delivered when the test says so. */
import { pino } from "pino";
import type { JsonObject } from "#shared/json.ts";
import { Gates } from "../../../subgraphs/runtime/owner/gates.ts";
import { RunMessages, type RunMessagesOptions } from "../../../subgraphs/runtime/control/run-messages.ts";
import { settle, type Fate } from "../../../subgraphs/runtime/control/outbox-pump.ts";
import type { PlanDocument, PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { outboxTake, type OutboxMessage } from "../../../subgraphs/runtime/queue/outbox.sql.ts";
import type { EngineFixture } from "./fixture.ts";
import { node, plan } from "./plan.ts";

/** A node that makes a run of the version `child` of the plan. */
export function childNode(id = "sub", more: Partial<PlanNode> = {}, config: JsonObject = {}): PlanNode {
  return node(id, "sub-workflow", { workflow_version_id: "child", mode: "run", input: { who: "Ada" }, ...config }, more);
}

/** A plan of one such node, and what the run is that it makes. */
export function parentOf(child: PlanDocument, ...nodes: PlanNode[]): PlanDocument {
  return { ...plan(nodes.length === 0 ? [childNode()] : nodes), workflows: { child } };
}

/** The pump of a process: it delivers when it is told to. */
export class TestPump {
  readonly #t: EngineFixture;
  readonly #messages: RunMessages;

  constructor(t: EngineFixture, more: Partial<RunMessagesOptions> = {}) {
    this.#t = t;
    this.#messages = new RunMessages({
      db: t.pool,
      hints: t.hints,
      log: pino({ level: "silent" }),
      admit: async () => ({ end: () => {} }),
      room: () => Number.POSITIVE_INFINITY,
      roomNow: async () => 0,
      failureRun: async () => ({ refused: { code: "WORKFLOW_NOT_FOUND", message: "There is none." } }),
      gates: new Gates({ db: t.pool, hints: t.hints, log: pino({ level: "silent" }) }),
      ...more,
    });
  }

  /** Takes messages, as a pump does that dies before it delivers them. */
  take(): Promise<OutboxMessage[]> {
    return outboxTake(this.#t.pool, this.#messages);
  }

  /** Delivers them, and dies before it has told so. */
  deliver(messages: readonly OutboxMessage[]): Promise<Fate[]> {
    return this.#messages.deliver(messages);
  }

  /** `isDue` is told when messages became due before their time. */
  start(isDue: () => void): void {
    this.#messages.start(isDue);
  }

  /** Ends with what is still at work. */
  close(): Promise<void> {
    return this.#messages.close();
  }

  /** Delivers all there is until there is no more. @returns kinds, in their order. */
  async run(): Promise<number[]> {
    const kinds: number[] = [];
    for (let messages = await this.take(); messages.length > 0; messages = await this.take()) {
      kinds.push(...messages.map(({ kind }) => kind));
      await settle(this.#t.pool, await this.deliver(messages));
    }
    return kinds;
  }

  /** What was taken is due again, as after a while. */
  async due(): Promise<void> {
    await this.#t.pool.query("update runtime.outbox set visible_at = now()");
  }
}

/** The run that the node run at a path has made by its last attempt; undefined: none. */
export async function childOf(t: EngineFixture, runId: string, path = "sub"): Promise<string | undefined> {
  const { rows } = await t.pool.query("select child_run_id as id from runtime.node_run where run_id = $1 and path = $2", [runId, path]);
  return rows[0]?.id ?? undefined;
}
