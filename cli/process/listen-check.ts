import { createServer } from "node:net";
import type { Env } from "#shared/config.ts";
import { isLoopbackName } from "#shared/serve/host-guard.ts";
import { cliErrors } from "../errors.ts";

const portSetting = "AGENT_PLATFORM_PORT";

/**
 * Refuses to open the graph to others while nothing asks who they are.
 *
 * @throws AppError HOST_NOT_LOOPBACK
 */
export function refuseUnprotected(env: Pick<Env, "host" | "authRequired">): void {
  if (!env.authRequired && !isLoopbackName(env.host)) throw cliErrors.HOST_NOT_LOOPBACK({ host: env.host });
}

/**
 * Tries a port before anything slow is started.
 *
 * @param setting  the variable that it was given by.
 * @throws AppError PORT_TAKEN, PORT_OF_A_PLATFORM, PORT_REFUSED
 */
export async function checkPort({ host, port }: Pick<Env, "host" | "port">, setting = portSetting): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, resolve);
    });
  } catch (cause) {
    const graphUrl = (cause as NodeJS.ErrnoException).code === "EADDRINUSE" ? await platformAt({ host, port }) : undefined;
    if (graphUrl !== undefined) throw cliErrors.PORT_OF_A_PLATFORM({ host, port, setting, graphUrl }, { cause });
    throw asListenError({ host, port }, cause, setting);
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Whatever holds the port may be anything, and may say nothing. */
const probeMs = 1_000;

/** The graph of the platform that answers at a port; undefined where that is something else. */
async function platformAt({ host, port }: Pick<Env, "host" | "port">): Promise<string | undefined> {
  const origin = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  try {
    const response = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(probeMs), redirect: "error" });
    const { status, subgraphs } = (await response.json()) as { status?: unknown; subgraphs?: unknown };
    return typeof status === "string" && typeof subgraphs === "object" ? `${origin}/graphql` : undefined;
  } catch {
    return undefined;
  }
}

/** The same of the metrics' port. */
export function asMetricsListenError({ host, port }: Pick<Env, "host" | "port">, cause: unknown): unknown {
  const { syscall, code, message } = cause as NodeJS.ErrnoException;
  // A name that is no address of this machine fails before it listens.
  if (syscall !== "listen" && syscall !== "getaddrinfo") return cause;
  return cliErrors.METRICS_PORT_UNUSABLE({ host, port, story: code === "EADDRINUSE" ? "it is taken" : message }, { cause });
}

/** Translates a failure to listen; everything else is given back as it is. */
export function asListenError({ host, port }: Pick<Env, "host" | "port">, cause: unknown, setting = portSetting): unknown {
  const failure = cause as NodeJS.ErrnoException;
  if (failure.code === "EADDRINUSE") return cliErrors.PORT_TAKEN({ host, port, setting }, { cause });
  if (failure.syscall === "listen") return cliErrors.PORT_REFUSED({ host, port, setting, story: failure.message }, { cause });
  return cause;
}
