/**
 * The items of an iteration, as they are fixed when it opens: the state that they were read from may be another later, and what is decided again after a
 * takeover must not be. Few and small ones stand in the row. Others lie in artifacts of some 256 KiB, so that whoever executes one item elsewhere reads one.
 */
import { newId } from "#shared/ids.ts";
import type { Json } from "#shared/json.ts";
import { NotStorable, storableJson } from "#shared/json/storable.ts";
import type { Opened } from "../engine/frame.ts";
import type { ArtifactRow, OpenedColumn } from "../queue/rows.ts";
import type { OpenedOutcome } from "./inbox-message.ts";
import { artifactRow, inlineBytes } from "./node-rows.ts";

/** What one iteration may have. */
export const itemLimits = { count: 10_000, bytes: 16 * 1024 * 1024 } as const;

const chunkCharacters = 256 * 1024;

/** Items as they are stored. */
export interface StoredItems {
  /** As they read back. */
  items: readonly Json[];
  /** JSON of {@link OpenedColumn}. */
  opened: string;
  artifacts: ArtifactRow[];
  /** Of all of them. */
  bytes: number;
}

/** What an iteration opened with, from its row and from the artifacts that its chunks name, where they were read; of others no item is asked for any more. */
export function openedOf({ count, items, chunks: places = [] }: OpenedColumn, chunks: readonly (readonly Json[] | null)[] | null): Opened {
  if (items !== undefined || chunks === null) return { count, items };
  const read: Json[] = [];
  chunks.forEach((chunk, index) => chunk?.forEach((item, at) => (read[(places[index]?.from ?? 0) + at] = item)));
  return { count, items: read };
}

/** Why items cannot be kept. */
export interface ItemsRefused {
  code: "ITERATION_TOO_LARGE" | "OUTPUT_NOT_STORABLE";
  message: string;
}

/** Makes what is stored of the items of the iteration at a path. */
export function storedItems(path: string, { items: given }: Pick<OpenedOutcome, "items">): StoredItems | ItemsRefused {
  const { count, bytes } = itemLimits;
  if (given.length > count) {
    const message = `config.items has ${given.length} items and may have ${count}; split the list and run the workflow once for each part.`;
    return { code: "ITERATION_TOO_LARGE", message };
  }
  try {
    const { value, text } = storableJson(given, "config.items", { maxBytes: bytes, replaced: { count: 0 } });
    return { items: value as Json[], bytes: Buffer.byteLength(text), ...columnOf(path, value as Json[], text) };
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    if (cause.kind !== "large") return { code: "OUTPUT_NOT_STORABLE", message: `The items cannot be kept: ${cause.problem}.` };
    const message = `config.items takes more than ${bytes} bytes; give references, such as ids or URLs, and read each item in the body.`;
    return { code: "ITERATION_TOO_LARGE", message };
  }
}

function columnOf(path: string, items: Json[], text: string): Pick<StoredItems, "opened" | "artifacts"> {
  const { length: count } = items;
  if (Buffer.byteLength(text) <= inlineBytes) return { opened: JSON.stringify({ count, items } satisfies OpenedColumn), artifacts: [] };
  const chunks: Required<OpenedColumn>["chunks"] = [];
  const artifacts: ArtifactRow[] = [];
  let texts: string[] = [];
  let characters = 0;
  const close = (end: number): void => {
    const artifactId = newId();
    chunks.push({ from: end - texts.length, artifactId });
    artifacts.push(artifactRow(artifactId, path, { draft: { artifactType: "ITEMS" }, json: `[${texts.join(",")}]` }));
    texts = [];
    characters = 0;
  };
  items.forEach((item, index) => {
    const one = JSON.stringify(item);
    if (texts.length > 0 && characters + one.length > chunkCharacters) close(index);
    texts.push(one);
    characters += one.length;
  });
  close(count);
  return { opened: JSON.stringify({ count, chunks } satisfies OpenedColumn), artifacts };
}
