/** One subscription as an async iterator that outlives its connections. */
import { documentText, takesAfter, type TypedDocument } from "./document.ts";
import { GraphqlRequestError, TransportError, type GraphqlErrorShape } from "./errors.ts";
import { LossTeller, type LossListener } from "./loss.ts";
import { refusalIn } from "./refusal.ts";
import type { ClientSocket } from "./socket.ts";

/** What to subscribe to. */
export interface SubscriptionRequest<D, V extends Record<string, unknown>> extends LossListener {
  socket: ClientSocket;
  document: TypedDocument<D, V>;
  variables: V;
  signal?: AbortSignal;
  giveUpAfterMs?: number;
  /** Told once, when it is over. */
  onEnd?: () => void;
  /** A monotonic clock in ms; the process's unless given. */
  now?: () => number;
}

/** Errors that say "come back with your cursor", not "no". */
const resumable = new Set(["SUBSCRIPTION_UPSTREAM_LOST", "SUBSCRIPTION_OVERFLOW", "DATABASE_UNAVAILABLE", "SUBGRAPH_UNREACHABLE"]);
/** Events that wait for a slow reader; beyond this the stream is given up and taken up again once they are read. */
const bufferLimit = 2_000;
const firstRetryMs = 50;
const longestRetryMs = 2_000;
const defaultGiveUpAfterMs = 60_000;
/** A connection that stood longer than any takes to be made. What is lost after it is lost anew, with all patience. */
const lastingMs = 15_000;

/** Starts it with the first `next()`. */
export function subscription<D, V extends Record<string, unknown>>(request: SubscriptionRequest<D, V>): AsyncIterableIterator<D> {
  return new ResumingSubscription(request);
}

type Wake = () => void;

class ResumingSubscription<D, V extends Record<string, unknown>> implements AsyncIterableIterator<D> {
  readonly #request: SubscriptionRequest<D, V>;
  readonly #query: string;
  readonly #canResume: boolean;
  readonly #buffer: D[] = [];
  readonly #now: () => number;
  readonly #giveUpAfterMs: number;
  readonly #losses: LossTeller;
  readonly #onAbort = () => void this.return();
  /** Events in the buffer: a page has several. */
  #buffered = 0;
  #cursor: string | undefined;
  #startedAt = 0;
  #hasEvents = false;
  #stop: (() => void) | undefined;
  #wake: Wake | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs = firstRetryMs;
  #lostAt: number | undefined;
  #failure: Error | undefined;
  #done = false;

  constructor(request: SubscriptionRequest<D, V>) {
    this.#request = request;
    this.#query = documentText(request.document);
    this.#canResume = takesAfter(this.#query);
    this.#now = request.now ?? (() => performance.now());
    this.#giveUpAfterMs = request.giveUpAfterMs ?? defaultGiveUpAfterMs;
    this.#losses = new LossTeller(request, this.#giveUpAfterMs);
    request.signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#done = request.signal?.aborted === true;
  }

  async next(): Promise<IteratorResult<D>> {
    for (;;) {
      const event = this.#buffer.shift();
      if (event !== undefined) {
        this.#buffered -= eventsOf(event).length;
        return { done: false, value: event };
      }
      if (this.#failure !== undefined) {
        const failure = this.#failure;
        await this.return();
        throw failure;
      }
      if (this.#done) return { done: true, value: undefined };
      if (this.#stop === undefined && this.#retry === undefined) this.#start();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  return(): Promise<IteratorResult<D>> {
    this.#failure = undefined;
    this.#buffer.length = 0;
    this.#buffered = 0;
    this.#finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #start(): void {
    const { socket, variables } = this.#request;
    const payload = { query: this.#query, variables: this.#cursor === undefined ? variables : { ...variables, after: this.#cursor } };
    // Sinks of an earlier attempt may still speak; only the newest is heard.
    const attempt = {};
    this.#attempt = attempt;
    const heard = (act: () => void) => {
      if (this.#attempt === attempt && !this.#done) act();
    };
    this.#startedAt = this.#now();
    this.#losses.tried(() => socket.isOpen());
    // graphql-ws itself subscribes anew after a close with code 1000, behind the old cursor: it must not get to.
    // But where it starts on a socket that is on its way out, graphql-ws waits for its end and sends it over the next one, once.
    let isNextAwaited = socket.isClosing();
    const unlisten = socket.client.on("closed", (event) => {
      if (!isNextAwaited) return heard(() => this.#lost(event));
      isNextAwaited = false;
    });
    const unsubscribe = socket.client.subscribe<D>(payload, {
      next: (result) => heard(() => this.#take(result.data ?? undefined, result.errors)),
      error: (cause) => heard(() => this.#lost(cause)),
      complete: () => heard(() => this.#finish()),
    });
    this.#stop = () => {
      unlisten();
      unsubscribe();
    };
  }
  #attempt: object | undefined;

  #take(data: D | undefined, errors: readonly GraphqlErrorShape[] | undefined): void {
    const hasEvent = data !== undefined && rootOf(data) != null;
    // Beside an event they tell of a subgraph that is away: its fields are null, the event has happened.
    if (errors?.length && !hasEvent) return this.#lost(errors);
    if (!hasEvent) return;
    this.#lostAt = undefined;
    this.#retryMs = firstRetryMs;
    this.#losses.regained();
    this.#hasEvents = true;
    this.#cursor = cursorOf(data) ?? this.#cursor;
    this.#buffer.push(data);
    this.#buffered += eventsOf(data).length;
    // Ends the stream, not the subscription: next() starts it again behind the last buffered event.
    if (this.#buffered >= bufferLimit) this.#pause();
    this.#wake?.();
  }

  #pause(): void {
    this.#end();
    if (!this.#canGoOn())
      this.#failure = new TransportError(`The reader fell ${bufferLimit} events behind a stream that cannot be resumed.`);
  }

  #lost(cause: unknown): void {
    this.#end();
    const refusal = refusalIn(cause);
    const errors = Array.isArray(cause) ? (cause as GraphqlErrorShape[]) : refusal && [refusal];
    const isFinal = errors !== undefined && !isResumable(errors);
    const now = this.#now();
    if (now - this.#startedAt > lastingMs) this.#lostAt = undefined;
    this.#lostAt ??= now;
    const tooLong = now - this.#lostAt > this.#giveUpAfterMs;
    if (isFinal || tooLong || !this.#canGoOn()) {
      const story = tooLong ? `, and could not be had again for ${this.#giveUpAfterMs / 1_000} s` : "";
      this.#failure = errors
        ? new GraphqlRequestError(errors, null)
        : new TransportError(`The subscription's connection was lost${story}.`, { cause });
      this.#losses.end();
      return this.#wake?.();
    }
    this.#losses.lost(cause);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (!this.#done) this.#start();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
  }

  /** Without a cursor to go on behind, going on would repeat what was seen. */
  #canGoOn(): boolean {
    return this.#canResume && (this.#cursor !== undefined || !this.#hasEvents);
  }

  #finish(): void {
    this.#end();
    this.#done = true;
    clearTimeout(this.#retry);
    this.#losses.end();
    this.#request.signal?.removeEventListener("abort", this.#onAbort);
    this.#request.onEnd?.();
    this.#wake?.();
  }

  #end(): void {
    const stop = this.#stop;
    this.#stop = undefined;
    this.#attempt = undefined;
    stop?.();
  }
}

function isResumable(errors: readonly GraphqlErrorShape[]): boolean {
  return errors.every((error) => resumable.has(String(error.extensions?.["reason"])));
}

/** The value of the subscription's one field. */
function rootOf(data: unknown): unknown {
  return Object.values(data as Record<string, unknown>)[0];
}

/** What the root field gives: one event, or a page of them. */
function eventsOf(data: unknown): readonly unknown[] {
  const root = rootOf(data);
  return Array.isArray(root) ? root : [root];
}

/** The cursor of the last event, where it was asked for. */
function cursorOf(data: unknown): string | undefined {
  const event = eventsOf(data).at(-1);
  const cursor = typeof event === "object" && event !== null ? (event as { cursor?: unknown }).cursor : undefined;
  return typeof cursor === "string" ? cursor : undefined;
}
