/** Tells sessions the answers of their finished runs; a session takes each once. */
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import { recordRunMessage } from "../client/session.client.ts";
import { outboxOfSession, type OutboxMessage } from "../queue/outbox.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { outboxKinds } from "../queue/statuses.ts";
import { laterFate, settle, type Delivery, type Fate } from "./outbox-pump.ts";

const callDeadlineMs = 10_000;

export class SessionAnswers implements Delivery {
  readonly kinds = [outboxKinds.answer];
  readonly batchSize = 20;
  readonly holdMs = 30_000;
  readonly #options: { db: Queryable; call: SubgraphCaller; log: Log };

  constructor(options: { db: Queryable; call: SubgraphCaller; log: Log }) {
    this.#options = options;
  }

  deliver(messages: readonly OutboxMessage[]): Promise<Fate[]> {
    return Promise.all(messages.map((message) => this.#tell(message)));
  }

  /** Tells a session the answers that it is still to be told, now: what is said next in it stands behind them. What cannot be told now comes later. */
  async tellSession(session: { tenantId: string; sessionId: string }): Promise<void> {
    const { db } = this.#options;
    for (const message of await outboxOfSession(db, session)) await settle(db, [await this.#tell(message)]);
  }

  async #tell(message: OutboxMessage): Promise<Fate> {
    const { call, log } = this.#options;
    const { runId, tenantId, attempts, sessionId, outputText } = message;
    const info = { tenantId, requestId: `answer-of-${runId}`, signal: AbortSignal.timeout(callDeadlineMs) };
    try {
      await recordRunMessage(call, info, { runId, sessionId: sessionId ?? "", content: outputText ?? "" });
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
