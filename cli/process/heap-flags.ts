import { getHeapStatistics } from "node:v8";

/**
 * How V8 keeps what is young, in processes that serve or execute. It begins with 1 MiB, which a process that loads 2,300 files and then runs fills many times: what is
 * about to die is promoted, and the old generation is collected for it. The most that the young generation may have, 16 MiB, stays what it is, and so does the limit of
 * the heap. 600 runs of a chain: 15 collections of the young generation and 1 of the old one, instead of 47 and 9 (bench chain, 2026-11-29).
 */
export const heapFlags: readonly string[] = ["--min-semi-space-size=16"];

/** Arguments of Node for a process like this one; what this one was given wins, and so does what is in the NODE_OPTIONS of the other. */
export function nodeArguments(given: readonly string[], options = ""): string[] {
  const said = [...given, ...options.split(/\s+/)].map(nameOf);
  return [...heapFlags.filter((flag) => !said.includes(nameOf(flag))), ...given];
}

/** V8 takes `_` for `-` in the names of its flags. */
function nameOf(flag: string): string {
  return flag.split("=", 1)[0]!.replaceAll("_", "-");
}

/** The limit that `--max-old-space-size=192` gives. With 128 the API collects more than it serves, with 96 it does not start. */
const leastHeapBytes = 384 << 20;

/** Says that processes like this one have too small a heap, and how they get a larger one; undefined: it is large enough. */
export function smallHeapNotice(limitBytes = getHeapStatistics().heap_size_limit): string | undefined {
  if (limitBytes >= leastHeapBytes) return undefined;
  const mib = Math.floor(limitBytes / 2 ** 20);
  return `Node's heap may have ${mib} MiB, and the API needs ${leastHeapBytes / 2 ** 20}: it will be slow, or end for want of memory. Give the machine or container more memory, or set NODE_OPTIONS=--max-old-space-size=512`;
}
