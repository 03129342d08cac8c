/**
 * Hints between processes: "there is more to read". They ride on PostgreSQL's NOTIFY, one LISTEN connection in each process; listeners
 * of the sender's own process hear them at once.
 * A hint may be lost, doubled or late; whoever listens also polls, slowly. Never sent inside a transaction that does work:
 * NOTIFY takes a database-wide lock through commit.
 */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { z } from "zod";
import { endsSession } from "./db/pool.ts";
import { addressOf, refuseNoPrimary } from "./db/primary.ts";
import { databaseTime, heardDatabaseTime, isDatabaseTimeDoubted } from "./database-time.ts";
import type { Json } from "./json.ts";
import type { Log } from "./log.ts";

/** Called with the hint's key and body; must not throw. */
export type HintListener = (key: string, body: Json | undefined) => void;

/** The sending half. */
export interface HintPublisher {
  /** Sends a hint soon (at once when idle, else within 10 ms). Equal hints without a body are sent once. */
  publish(topic: string, key: string, body?: Json): void;
}

/** Both halves. */
export interface HintChannel extends HintPublisher {
  /** Listens to one key of a topic, or to all with "*". Returns the function that ends it. */
  subscribe(topic: string, key: string, listener: HintListener): () => void;
}

type Message = [topic: string, key: string, body?: Json];

/** What one NOTIFY carries; `from` is the sending bus, which has told its own listeners already. */
const payloadSchema = z.object({ from: z.string(), hints: z.array(z.tuple([z.string(), z.string()], z.unknown())) });

const channel = "agent_platform";
const debounceMs = 10;
/** How often a bus asks PostgreSQL for its time (database-time.ts): each process has one, on a connection that stays. */
const timeMs = 30_000;
/** How often it looks whether it must ask sooner, as after the machine has slept. */
const doubtMs = 1_000;
/** PostgreSQL has answered each statement by then, or the connection is given up: nothing else would tell that it leads nowhere. */
const answerMs = 10_000;
/** PostgreSQL takes payloads below 8,000 bytes; the sender's name is within what is left. */
const payloadBytes = 7_800;
/** Beyond this hints are dropped: pollers find what they spoke of. */
const queueLimit = 10_000;

/** The bus of one process. */
export class HintBus implements HintChannel {
  readonly #id = randomUUID();
  readonly #url: string;
  readonly #log: Log;
  readonly #answerMs: number;
  readonly #listeners = new Map<string, Set<HintListener>>();
  readonly #queue = new Map<string, Message>();
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timeTimer: NodeJS.Timeout | undefined;
  #isAskingTime = false;
  #timeAskedAt = 0;
  #sending = false;
  #lastSentAt = 0;
  #serial = 0;
  #closed = false;

  /** @param options.answersWithinMs  of PostgreSQL; 10 s unless given. */
  constructor(options: { url: string; log: Log; answersWithinMs?: number }) {
    this.#url = options.url;
    this.#log = options.log;
    this.#answerMs = options.answersWithinMs ?? answerMs;
  }

  /** Connects and listens. Later losses of the connection are mended in the background. */
  async start(): Promise<void> {
    await this.#connect();
    this.#timeAskedAt = performance.now();
    this.#timeTimer = setInterval(() => this.#keepTime(), doubtMs).unref();
  }

  publish(topic: string, key: string, body?: Json): void {
    if (this.#closed) return;
    queueMicrotask(() => this.#tell([topic, key, body]));
    if (this.#queue.size >= queueLimit) return;
    const id = body === undefined ? `${topic} ${key}` : `#${this.#serial++}`;
    this.#queue.set(id, body === undefined ? [topic, key] : [topic, key, body]);
    if (this.#timer !== undefined || this.#sending) return;
    const wait = Math.max(0, debounceMs - (performance.now() - this.#lastSentAt));
    this.#timer = setTimeout(() => void this.#send(), wait);
  }

  subscribe(topic: string, key: string, listener: HintListener): () => void {
    const id = `${topic} ${key}`;
    const set = this.#listeners.get(id) ?? new Set();
    set.add(listener);
    this.#listeners.set(id, set);
    return () => {
      set.delete(listener);
      if (set.size === 0) this.#listeners.delete(id);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#timeTimer);
    await this.#client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const config = { connectionString: this.#url, connectionTimeoutMillis: 10_000, query_timeout: this.#answerMs, keepAlive: true };
    const client = new pg.Client(config);
    client.on("error", () => {});
    client.on("notification", (message) => this.#deliver(message.payload ?? "{}"));
    client.on("end", () => {
      if (this.#client === client) this.#reconnect();
    });
    try {
      await client.connect();
      await refuseNoPrimary(client);
      await client.query(`listen ${channel}`);
      // Closed meanwhile: nobody else would end this connection.
      if (this.#closed) throw new Error("the bus was closed while it connected");
    } catch (cause) {
      await client.end().catch(() => {});
      throw cause;
    }
    this.#client = client;
  }

  #reconnect(): void {
    this.#client = undefined;
    if (this.#closed) return;
    const retry = setTimeout(() => {
      if (this.#closed) return;
      this.#connect().catch((cause: unknown) => {
        this.#log.warn({ err: cause }, "hints: no connection, trying again");
        this.#reconnect();
      });
    }, 500);
    retry.unref();
  }

  #keepTime(): void {
    const isDue = performance.now() - this.#timeAskedAt >= timeMs || isDatabaseTimeDoubted();
    if (isDue && this.#client !== undefined && !this.#isAskingTime) void this.#askTime(this.#client);
  }

  async #askTime(client: pg.Client): Promise<void> {
    const askedAtMs = (this.#timeAskedAt = performance.now());
    this.#isAskingTime = true;
    try {
      const { rows } = await client.query<{ nowMs: number }>({ name: "time", text: `select ${databaseTime} "nowMs"` });
      heardDatabaseTime(rows[0]!.nowMs, { askedAtMs, database: addressOf(client) });
    } catch (cause) {
      this.#log.debug({ err: cause }, "hints: the database's time was not told");
      giveUpLost(client, cause);
    } finally {
      this.#isAskingTime = false;
    }
  }

  async #send(): Promise<void> {
    this.#timer = undefined;
    this.#sending = true;
    let client: pg.Client | undefined;
    try {
      while (this.#queue.size > 0 && (client = this.#client) !== undefined) {
        const payload = takePayload(this.#id, this.#queue);
        if (payload !== undefined) await client.query({ name: "hint", text: "select pg_notify($1, $2)", values: [channel, payload] });
      }
    } catch (cause) {
      this.#log.debug({ err: cause }, "hints: not sent");
      if (client !== undefined) giveUpLost(client, cause);
    } finally {
      this.#sending = false;
      this.#lastSentAt = performance.now();
      if (this.#queue.size > 0 && !this.#closed) this.#timer = setTimeout(() => void this.#send(), debounceMs);
    }
  }

  #deliver(payload: string): void {
    // Its own come back to it: they need not be read.
    if (payload.startsWith(beginningOf(this.#id))) return;
    const parsed = payloadSchema.safeParse(parseJson(payload));
    // Whoever may connect to the database may notify the channel.
    if (!parsed.success) return this.#log.warn("hints: a message that is none was dropped");
    for (const message of parsed.data.hints) this.#tell(message as Message);
  }

  #tell([topic, key, body]: Message): void {
    for (const id of [`${topic} ${key}`, `${topic} *`]) {
      for (const listener of this.#listeners.get(id) ?? []) listener(key, body);
    }
  }
}

/** Ends a connection that has given no answer; its bus opens another. */
function giveUpLost(client: pg.Client, cause: unknown): void {
  if (endsSession(cause)) void client.end().catch(() => {});
}

/** Takes as many messages off the queue as one payload holds; a body that is too large by itself is left out. */
function takePayload(from: string, queue: Map<string, Message>): string | undefined {
  const parts: string[] = [];
  let bytes = 100;
  for (const [id, message] of queue) {
    let text = JSON.stringify(message);
    if (Buffer.byteLength(text) > payloadBytes - 101) text = JSON.stringify(message.slice(0, 2));
    const size = Buffer.byteLength(text) + 1;
    if (bytes + size > payloadBytes) break;
    queue.delete(id);
    parts.push(text);
    bytes += size;
  }
  return parts.length === 0 ? undefined : `${beginningOf(from)}[${parts.join(",")}]}`;
}

function beginningOf(from: string): string {
  return `{"from":"${from}","hints":`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
