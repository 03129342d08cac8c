/** A connection that is lost and tried again, as it is told to whoever waits for it. */

/** A loss that has lasted. */
export interface Loss {
  /** After so long without a connection that lasts it is given up. */
  giveUpAfterMs: number;
  /** Why it was lost: a close event, an error, or the graph's errors. */
  cause: unknown;
}

/** Who is told. */
export interface LossListener {
  /** A loss has lasted a second; it is tried again all the while. Told once a loss. */
  onLost?: (loss: Loss) => void;
  /** The connection stands again, or an event has come; told only after `onLost`. */
  onRegained?: () => void;
}

/** Most losses are mended at once, and are nobody's business. */
const toldAfterMs = 1_000;
/** A connection that is lost again sooner did not stand: a router whose subgraph is away takes and ends subscriptions at once. */
const standsAfterMs = 2_000;

/** Tells of losses that last. */
export class LossTeller {
  readonly #listener: LossListener;
  readonly #giveUpAfterMs: number;
  #toTell: ReturnType<typeof setTimeout> | undefined;
  #toStand: ReturnType<typeof setTimeout> | undefined;
  #isTold = false;

  constructor(listener: LossListener, giveUpAfterMs: number) {
    this.#listener = listener;
    this.#giveUpAfterMs = giveUpAfterMs;
  }

  /** The connection was lost, or could not be had. */
  lost(cause: unknown): void {
    clearTimeout(this.#toStand);
    this.#toTell ??= setTimeout(() => {
      this.#isTold = true;
      this.#listener.onLost?.({ giveUpAfterMs: this.#giveUpAfterMs, cause });
    }, toldAfterMs);
  }

  /** It is tried again. No event need come for long, so a connection that is open for a while is one. */
  tried(isOpen: () => boolean): void {
    if (this.#toTell === undefined) return;
    this.#toStand = setTimeout(() => (isOpen() ? this.regained() : this.tried(isOpen)), standsAfterMs);
  }

  /** It is there. */
  regained(): void {
    const wasTold = this.#isTold;
    this.end();
    if (wasTold) this.#listener.onRegained?.();
  }

  /** Nothing more is told. */
  end(): void {
    clearTimeout(this.#toTell);
    clearTimeout(this.#toStand);
    this.#toTell = undefined;
    this.#isTold = false;
  }
}
