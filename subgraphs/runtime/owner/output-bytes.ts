import type { LoadedNode } from "../queue/load.sql.ts";
import { nodeRunStatusNumber } from "../queue/statuses.ts";
import { jsonFactor } from "./held-bytes.ts";
import type { StoredOutput } from "./node-rows.ts";

const withOutputs = [nodeRunStatusNumber("COMPLETED"), nodeRunStatusNumber("FAILED")];

type Bytes = Pick<StoredOutput, "textBytes" | "jsonBytes">;

/** How much the outputs are that a run holds for those of its nodes that may read them, by node of its own graph. */
export class OutputBytes {
  readonly #byNode = new Map<string, Bytes>();
  #text = 0;
  #json = 0;

  /** As they are stored. */
  get bytes(): number {
    return this.#text + this.#json;
  }

  /** About what they take in memory. */
  get held(): number {
    return this.#text + jsonFactor * this.#json;
  }

  get nodes(): Iterable<string> {
    return this.#byNode.keys();
  }

  add(path: string, { textBytes, jsonBytes }: Bytes): void {
    this.#byNode.set(path, { textBytes, jsonBytes });
    this.#text += textBytes;
    this.#json += jsonBytes;
  }

  /** One that was stored: of what lies in an artifact the size is known, of what a row carries little matters. */
  loaded({ path, status, outputText, outputJson, outputBytes }: LoadedNode): void {
    if (!withOutputs.includes(status)) return;
    const bytes = outputBytes ?? outputText?.length ?? 0;
    this.add(path, outputJson === null ? { textBytes: bytes, jsonBytes: 0 } : { textBytes: 0, jsonBytes: bytes });
  }

  forget(path: string): void {
    const { textBytes = 0, jsonBytes = 0 } = this.#byNode.get(path) ?? {};
    this.#byNode.delete(path);
    this.#text -= textBytes;
    this.#json -= jsonBytes;
  }
}
