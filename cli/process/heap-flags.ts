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
