import type { LoadedNode } from "../../queue/load.sql.ts";
import { nodeRunStatusNumber } from "../../queue/statuses.ts";
import { jsonFactor } from "../held/held-bytes.ts";
import type { StoredOutput } from "./node-rows.ts";

const withOutputs = [nodeRunStatusNumber("COMPLETED"), nodeRunStatusNumber("FAILED")];

type Bytes = Pick<StoredOutput, "textBytes" | "jsonBytes">;

/** Stands for the items of an iteration, by its path: no node run has such a one. */
const itemsOf = (path: string): string => `${path}#`;
/** The same for what assigners wrote in a loop, or a sub-workflow. */
const valuesOf = (path: string): string => `${path}##`;

/** How much the outputs are that a run holds for those of its nodes that may read them, by path; and what its composites work on. */
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

  /** Paths of what it holds something of. */
  get nodes(): Iterable<string> {
    return this.#byNode.keys();
  }

  /** As they are stored, of some paths. */
  bytesOf(paths: readonly string[]): number {
    let sum = 0;
    for (const path of paths) {
      const bytes = this.#byNode.get(path);
      if (bytes !== undefined) sum += bytes.textBytes + bytes.jsonBytes;
    }
    return sum;
  }

  /** Of the JSON of one. */
  jsonBytesOf(path: string): number {
    return this.#byNode.get(path)?.jsonBytes ?? 0;
  }

  add(path: string, { textBytes, jsonBytes }: Bytes): void {
    this.#byNode.set(path, { textBytes, jsonBytes });
    this.#text += textBytes;
    this.#json += jsonBytes;
  }

  /** The items of an iteration, which it has until it ends. */
  itemsAdd(path: string, jsonBytes: number): void {
    this.add(itemsOf(path), { textBytes: 0, jsonBytes });
  }

  itemsForget(path: string): void {
    this.forget(itemsOf(path));
  }

  /** The variables of a loop, or the state of a sub-workflow, which it has until it ends. */
  valuesSet(path: string, jsonBytes: number): void {
    this.valuesForget(path);
    this.add(valuesOf(path), { textBytes: 0, jsonBytes });
  }

  valuesForget(path: string): void {
    this.forget(valuesOf(path));
  }

  /** One that was stored: of what lies in an artifact the size is known, of what a row carries little matters. */
  loaded({ path, status, outputText, outputJson, outputBytes, chunkBytes, written }: LoadedNode): void {
    if (chunkBytes !== null) this.itemsAdd(path, chunkBytes);
    if (written !== null) this.valuesSet(path, JSON.stringify(written).length);
    if (!withOutputs.includes(status)) return;
    const bytes = outputBytes ?? outputText?.length ?? 0;
    this.add(path, outputJson === null ? { textBytes: bytes, jsonBytes: 0 } : { textBytes: 0, jsonBytes: bytes });
  }

  forget(path: string): void {
    const bytes = this.#byNode.get(path);
    if (bytes === undefined) return;
    this.#byNode.delete(path);
    this.#text -= bytes.textBytes;
    this.#json -= bytes.jsonBytes;
  }
}
