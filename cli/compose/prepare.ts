import type { Log } from "#shared/log.ts";
import { keepBundle } from "../../router/router.ts";
import { loadPlatform } from "./platform.ts";

/**
 * Loads what any process of the platform loads, so that its compiled code is kept when this one ends, and makes GraphiQL's bundle.
 *
 * @throws Error when the bundle cannot be made or kept: an image without it would try again at each start.
 */
export async function prepare(log: Log): Promise<void> {
  await Promise.all([loadPlatform(), import("./worker-part.ts"), import("./dead-worker.ts"), import("./migrate.ts")]);
  await keepBundle(log);
}
