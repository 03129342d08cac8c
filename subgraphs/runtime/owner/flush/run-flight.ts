import type { FlushAnswer } from "../../queue/flush.sql.ts";
import { decisionRefused } from "../decisions.ts";
import type { MailReader } from "../mail/mail-reader.ts";
import type { RunLedger } from "../run-ledger.ts";
import type { FlushDraft } from "./flush-draft.ts";

/** What an answer means to the run: its rows are stored; they are not, as there is mail to read first, or as its row was locked; it is in other hands. */
export type Landing = "stored" | "unread" | "busy" | "lost";

/** The flush of one run that is under way; there is one at a time. */
export class RunFlight {
  readonly #ledger: RunLedger;
  readonly #mail: MailReader;
  #draft: FlushDraft | undefined;

  constructor(ledger: RunLedger, mail: MailReader) {
    this.#ledger = ledger;
    this.#mail = mail;
  }

  get isUnderWay(): boolean {
    return this.#draft !== undefined;
  }
  /** The one under way lets go of the run. */
  get isResting(): boolean {
    return this.#draft !== undefined && this.#draft.row.rest !== "keep";
  }

  begin(draft: FlushDraft): void {
    this.#draft = draft;
  }

  /** It is under way no more. @returns false where another one is. */
  end(draft: FlushDraft): boolean {
    if (this.#draft !== draft) return false;
    this.#draft = undefined;
    return true;
  }

  /** All of it is stored: the books go on from there. */
  stored(draft: FlushDraft): void {
    draft.pending.settled();
    this.#ledger.stored(draft.row.e1);
    this.#mail.seenStored = draft.row.seen;
  }

  /** Nothing was stored: the rows wait for the next flush, the tail is forgotten. */
  refused(draft: FlushDraft): void {
    if (draft.tail !== undefined) {
      this.#ledger.numbersForget(draft.tail.seqBefore);
      for (const [held] of draft.tail.decided) decisionRefused(this.#ledger, held);
    }
    this.#ledger.takeBack(draft.pending);
  }

  /** Nobody waits for its answer any more. */
  forget(): void {
    this.#draft?.pending.settled();
  }
}

/** @param wasSentBefore  its outcome was unknown once, so that "applied" means this very flush. */
export function landingOf(answer: Pick<FlushAnswer, "why">, wasSentBefore: boolean): Landing {
  if (answer.why === "ok" || (answer.why === "applied" && wasSentBefore)) return "stored";
  if (answer.why === "mail") return "unread";
  return answer.why === "busy" ? "busy" : "lost";
}
