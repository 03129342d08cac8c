/**
 * The items of an iteration, the variables of a loop as they begin, the input of a sub-workflow, what an agent is given, as they are fixed when it opens: the state that they were read from may be another later, and what is decided again after a
 * takeover must not be. Few and small ones stand in the row. Others lie in artifacts of some 256 KiB, so that whoever executes one item elsewhere reads one.
 */
import { newId } from "#shared/ids.ts";
import type { Json } from "#shared/json.ts";
import { NotStorable, storableJson } from "#shared/json/storable.ts";
import { driverVersion, type CompositeKind } from "../../engine/composite.ts";
import type { Opened } from "../../engine/frame.ts";
import type { ArtifactRow, OpenedColumn } from "../../queue/rows.ts";
import type { OpenedOutcome } from "../mail/inbox-message.ts";
import { artifactRow, inlineBytes } from "../flush/node-rows.ts";

/** What one iteration may have. */
export const itemLimits = { count: 10_000, bytes: 16 * 1024 * 1024 } as const;
/** What the variables of a loop may take as JSON: each node of it that is executed elsewhere is told all of them. */
export const maxVariablesBytes = 64 * 1024;

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

/** What a composite opened with, from its row and from the artifacts that its chunks name, where they were read; of others no item is asked for any more. */
export function openedOf(
  { count = 1, items, chunks: places = [] }: OpenedColumn,
  chunks: readonly (readonly Json[] | null)[] | null,
): Opened {
  if (items !== undefined || chunks === null) return { count, items };
  const read: Json[] = [];
  chunks.forEach((chunk, index) => chunk?.forEach((item, at) => (read[(places[index]?.from ?? 0) + at] = item)));
  return { count, items: read };
}

/** Why items cannot be kept. */
export interface ItemsRefused {
  code: "ITERATION_TOO_LARGE" | "SUB_WORKFLOW_TOO_LARGE" | "STATE_TOO_LARGE" | "NODE_CONFIG_INVALID" | "OUTPUT_NOT_STORABLE";
  message: string;
}

/** What is looked at, by kind: where it stands in the config, how much it may be, and how that is told. */
const kinds = {
  iteration: {
    name: "config.items",
    bytes: itemLimits.bytes,
    code: "ITERATION_TOO_LARGE",
    advice: "give references, such as ids or URLs, and read each item in the body",
  },
  loop: { name: "config.variables", bytes: maxVariablesBytes, code: "STATE_TOO_LARGE", advice: "keep references, such as ids or URLs" },
  "sub-workflow": {
    name: "config.input",
    bytes: itemLimits.bytes,
    code: "SUB_WORKFLOW_TOO_LARGE",
    advice: "give references, such as ids or URLs",
  },
  // Its executor bounds the input; this is for what stands beside it.
  agent: {
    name: "config.input_json",
    bytes: itemLimits.bytes,
    code: "NODE_CONFIG_INVALID",
    advice: "give references, such as ids or URLs",
  },
  team: {
    name: "config.input_json",
    bytes: itemLimits.bytes,
    code: "NODE_CONFIG_INVALID",
    advice: "give references, such as ids or URLs",
  },
} as const satisfies Record<CompositeKind, { name: string; bytes: number; code: ItemsRefused["code"]; advice: string }>;

/** Makes what is stored of the items of the composite at a path. */
export function storedItems(
  { path, kind }: { path: string; kind: CompositeKind },
  { items: given }: Pick<OpenedOutcome, "items">,
): StoredItems | ItemsRefused {
  const { count } = itemLimits;
  const { name, bytes, code, advice } = kinds[kind];
  if (given.length > count) {
    const message = `config.items has ${given.length} items and may have ${count}; split the list and run the workflow once for each part.`;
    return { code: "ITERATION_TOO_LARGE", message };
  }
  try {
    const { value, text } = storableJson(given, name, { maxBytes: bytes, replaced: { count: 0 } });
    return { items: value as Json[], bytes: Buffer.byteLength(text), ...columnOf({ path, kind }, value as Json[], text) };
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    if (cause.kind !== "large") return { code: "OUTPUT_NOT_STORABLE", message: `${name} cannot be kept: ${cause.problem}.` };
    return { code, message: `${name} takes more than ${bytes} bytes; ${advice}.` };
  }
}

function columnOf(
  { path, kind }: { path: string; kind: CompositeKind },
  items: Json[],
  text: string,
): Pick<StoredItems, "opened" | "artifacts"> {
  const { length: count } = items;
  const counted: OpenedColumn = { v: driverVersion, ...(kind === "iteration" && { count }) };
  if (Buffer.byteLength(text) <= inlineBytes)
    return { opened: JSON.stringify({ ...counted, items } satisfies OpenedColumn), artifacts: [] };
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
  return { opened: JSON.stringify({ ...counted, chunks } satisfies OpenedColumn), artifacts };
}
