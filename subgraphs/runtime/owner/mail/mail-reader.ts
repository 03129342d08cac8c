import type { Log } from "#shared/log.ts";
import type { InboxMessage } from "../../queue/load.sql.ts";
import { mailEffect, type Addressee, type MailEffect } from "./mail-effect.ts";

/** Reads the mail of one run, each message once and in order, and knows how far it has come. */
export class MailReader {
  readonly #log: Log;
  readonly #runId: string;
  readonly #addressee: Addressee;
  readonly #take: (effect: MailEffect) => void;
  #seen = 0;
  /** Number of the last message that is stored as read. */
  seenStored = 0;

  /** @param options.take  does what a message comes to. */
  constructor(options: { log: Log; runId: string; addressee: Addressee; take: (effect: MailEffect) => void }) {
    this.#log = options.log;
    this.#runId = options.runId;
    this.#addressee = options.addressee;
    this.#take = options.take;
  }

  /** Number of the last message that was read. */
  get seen(): number {
    return this.#seen;
  }

  /** Safe to call with messages that were read before. One that cannot be applied is refused, and told to the log. */
  read(messages: readonly InboxMessage[], mail: number): void {
    for (const message of messages) {
      if (message.seq <= this.#seen) continue;
      this.#seen = message.seq;
      try {
        this.#take(mailEffect(this.#addressee, message));
      } catch (cause) {
        this.#log.error({ err: cause, runId: this.#runId, seq: message.seq, path: message.path }, "inbox message refused");
      }
    }
    this.#seen = Math.max(this.#seen, mail);
  }
}
