/**
 * Mocks of a plan: outputs that stand in the place of nodes which do not run. They are part of the frozen document, so whoever goes on with a run, takes
 * over one of its nodes or makes a new run of it has the same. A key is a path: without ordinals it is of all items and rounds, with them of one.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { executedConfig } from "./composite.ts";
import { pathBeneath } from "./path.ts";

/** A node of a plan, as far as it is asked here. */
interface Mockable<Node> {
  config: JsonObject;
  composite: { opening: JsonObject } | undefined;
  retry: { maxAttempts: number };
  mockedAt: ReadonlyMap<string, Node> | undefined;
}

/** Mocks by their keys, found by the path that a key has without ordinals. */
export class MockKeys {
  readonly #byPlace = new Map<string, [key: string, mock: Json][]>();
  readonly #around = new Set<string>();

  constructor(mocks: JsonObject) {
    for (const [key, mock] of Object.entries(mocks)) {
      const place = withoutOrdinals(key);
      const own = this.#byPlace.get(place) ?? [];
      this.#byPlace.set(place, [...own, [key, mock ?? null]]);
      for (let cut = place.lastIndexOf("/"); cut > 0; cut = place.lastIndexOf("/", cut - 1)) this.#around.add(place.slice(0, cut));
    }
  }

  /** Whether something beneath a place is mocked. */
  hasBeneath(place: string): boolean {
    return this.#around.has(place);
  }

  /** A node as it is where it is mocked, by the keys that say where; undefined: it is mocked nowhere. */
  nodesAt<Node extends Mockable<Node>>(place: string, node: Node): ReadonlyMap<string, Node> | undefined {
    const mocks = this.#byPlace.get(place);
    return mocks && new Map(mocks.map(([key, mock]) => [key, mockedNode(node, mock)]));
  }
}

/** Its edges are the node's own, and so is what becomes of a failure; it opens nothing, and is not tried again. */
function mockedNode<Node extends Mockable<Node>>(node: Node, mock: Json): Node {
  const retry = { ...node.retry, maxAttempts: 1 };
  const once = { retry, retryWhen: undefined, atMostOnce: false, timeoutMs: undefined };
  return { ...node, ...once, config: executedConfig(node), composite: undefined, mockedAt: undefined, mock };
}

/** The node that runs at a path: itself, or what stands in its place there. */
export function nodeRunAt<Node extends Mockable<Node>>(node: Node, path: string): Node {
  if (node.mockedAt === undefined) return node;
  for (const key of keysOf(path)) {
    const mocked = node.mockedAt.get(key);
    if (mocked !== undefined) return mocked;
  }
  return node;
}

/** Whether one of the keys is of the node run at a path. */
export function isMockedBy(keys: ReadonlySet<string>, path: string): boolean {
  for (const key of keysOf(path)) if (keys.has(key)) return true;
  return false;
}

/** The keys that are of the node run at a path, the one with most ordinals first. */
export function keysOf(path: string): string[] {
  let keys = [""];
  for (const segment of path.split("/")) {
    const plain = withoutOrdinals(segment);
    const ways = plain === segment ? [segment] : [segment, plain];
    keys = keys.flatMap((key) => ways.map((way) => pathBeneath(key, way)));
  }
  return keys.toSorted((a, b) => ordinalsIn(b) - ordinalsIn(a));
}

/** The place of a path in its document, whatever the item or the round. */
export function withoutOrdinals(path: string): string {
  return path.replaceAll(/#\d+/g, "");
}

function ordinalsIn(key: string): number {
  return key.split("#").length;
}
