/** Tells sessions the answers of their finished runs; a session takes each once. */
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import { recordRunMessage } from "../client/session.client.ts";
import { outboxAnswer, outboxOfSession, type OutboxMessage } from "../queue/outbox.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { outboxKinds } from "../queue/statuses.ts";
import { fateOf, OutboxAside } from "./outbox-aside.ts";
import { laterFate, settle, type Delivery, type Fate } from "./outbox-pump.ts";

const callDeadlineMs = 10_000;

/** Long answers that are held at once: one of a tenant, and four of 50 MiB at most. */
const longTurns = { turns: 4, turnsPerTenant: 1, waiting: 200, waitingPerTenant: 20, waitMs: 15_000 };
const longAgainPerSecond = 10;

export class SessionAnswers implements Delivery {
  readonly kinds = [outboxKinds.answer];
  readonly batchSize = 20;
  readonly holdMs = 30_000;
  readonly #options: { db: Queryable; call: SubgraphCaller; log: Log };
  /** Long answers are read and told here, of each tenant one after another: neither short ones nor other tenants' wait for them. */
  readonly #long: OutboxAside;

  constructor(options: { db: Queryable; call: SubgraphCaller; log: Log }) {
    this.#options = options;
    this.#long = new OutboxAside({ ...options, turns: longTurns, againPerSecond: longAgainPerSecond });
  }

  async deliver(messages: readonly OutboxMessage[]): Promise<Fate[]> {
    const begun = messages
      .filter(({ isLong }) => isLong)
      .map((message) => this.#beginLong(message))
      .flatMap(fateOf);
    const short = await Promise.all(messages.filter(({ isLong }) => !isLong).map((message) => this.#tellShort(message)));
    return [...begun, ...short];
  }

  /** Ends when no long answer is told any more. */
  async close(): Promise<void> {
    await this.#long.close();
  }

  /** Tells a session the answers that it is still to be told, now: what is said next in it stands behind them. What cannot be told now comes later. */
  async tellSession(session: { tenantId: string; sessionId: string }): Promise<void> {
    const { db } = this.#options;
    for (const message of await outboxOfSession(db, session)) {
      // One that finds no room is the pump's, and stays due.
      if (message.isLong) await this.#beginLong(message);
      else await settle(db, [await this.#tellShort(message)]);
    }
  }

  #tellShort(message: OutboxMessage): Promise<Fate> {
    return this.#tellText(message, () => Promise.resolve(message.outputText ?? ""));
  }

  #beginLong(message: OutboxMessage): Fate | Promise<void> {
    return this.#long.begin(message, async () => [await this.#tellText(message, () => outboxAnswer(this.#options.db, message))]);
  }

  async #tellText(message: OutboxMessage, read: () => Promise<string | undefined>): Promise<Fate> {
    const { call, log } = this.#options;
    const { runId, tenantId, attempts, sessionId } = message;
    const info = { tenantId, requestId: `answer-of-${runId}`, signal: AbortSignal.timeout(callDeadlineMs) };
    try {
      const content = await read();
      if (content !== undefined) await recordRunMessage(call, info, { runId, sessionId: sessionId ?? "", content });
      return { message, kind: "gone" };
    } catch (cause) {
      if (cause instanceof AppError && (cause.code === "NOT_FOUND" || cause.code === "BAD_USER_INPUT")) {
        log.error({ err: cause, runId, sessionId }, "the answer of a run was refused by its session");
        return { message, kind: "gone" };
      }
      log.warn({ err: cause, runId, sessionId, attempts }, "the answer of a run was not delivered yet");
      return laterFate(message);
    }
  }
}
