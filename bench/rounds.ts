import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Figure } from "./figures.ts";
import { loaderOf } from "./loader.ts";

/** The program of a checkout's benches, from its root. */
const program = "bench/main.ts";

/**
 * Measures one round in a process of its own: what a round warms up (V8, connections, plans) must not serve the next.
 *
 * @param folder  the checkout; this one unless given.
 */
export async function roundOfItsOwn(
  name: string,
  given: readonly string[],
  folder = fileURLToPath(new URL("..", import.meta.url)),
): Promise<Figure[]> {
  // An IPC channel, by which it learns when this process is killed.
  const child = fork(program, [name, ...given, "--json"], {
    cwd: folder,
    execArgv: loaderOf(folder),
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  let said = "";
  child.stdout!.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await once(child, "close");
  const line = said.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(line) as Figure[];
  } catch (cause) {
    throw new Error(`${name} in ${folder} printed no figures`, { cause });
  }
}
