import { EventEmitter } from "node:events";
import type { HintChannel, HintListener } from "#shared/hints.ts";
import type { Json } from "#shared/json.ts";

/** Hints within the process; may be silenced, as hints may be lost. */
export class LocalHints implements HintChannel {
  readonly #listeners = new Map<string, Set<HintListener>>();
  readonly sent: [topic: string, key: string, body: Json | undefined][] = [];
  /** Emits "published" for every hint, of those too that nobody hears because they are silenced. */
  readonly tap = new EventEmitter<{ published: [topic: string, key: string] }>().setMaxListeners(0);
  isSilent = false;

  publish(topic: string, key: string, body?: Json): void {
    if (topic === "delta") this.sent.push([topic, key, body]);
    this.tap.emit("published", topic, key);
    if (this.isSilent) return;
    setImmediate(() => {
      for (const id of [`${topic} ${key}`, `${topic} *`]) for (const listener of this.#listeners.get(id) ?? []) listener(key, body);
    });
  }

  subscribe(topic: string, key: string, listener: HintListener): () => void {
    const id = `${topic} ${key}`;
    const set = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, set.add(listener));
    return () => set.delete(listener);
  }
}
