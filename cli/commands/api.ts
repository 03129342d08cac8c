import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { Command } from "commander";
import { parseEnv } from "#shared/config.ts";
import { createLog } from "#shared/log.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import type { PartHealth } from "#shared/part-health.ts";
import type { CliContext } from "../context.ts";
import { withKey } from "../database/encryption-key.ts";
import { asListenError } from "../process/listen-check.ts";
import { hearSupervisor, tellSupervisor, type SupervisorMessage } from "../process/part-messages.ts";
import { startGuard } from "../process/process-guard.ts";
import { serveSupervised } from "../serve-part.ts";

/** The API's main loop is everybody's: nobody is answered while it stands still. */
const stuck = { afterMs: 20_000, cpuMs: 15_000 };

/** `api`: router and subgraphs in one process, a part of `start`, which alone starts it. */
export function apiCommand(context: CliContext): Command {
  return new Command("api")
    .description("router and subgraphs in one process; start runs it")
    .requiredOption("--worker-socket <path>", "where workers reach the subgraphs that they call")
    .action(async ({ workerSocket }: { workerSocket: string }) => {
      await serveApi(context, workerSocket);
    });
}

async function serveApi({ composition, ...context }: CliContext, workerSocket: string): Promise<void> {
  startGuard(stuck);
  const told = hearing();
  const claimMark = randomUUID();
  void tellSupervisor({ kind: "mark", claimMark });
  // What nothing reads of the environment was told by `start`.
  const env = parseEnv(context.environment);
  const log = createLog(env, "platform");
  await serveSupervised(
    { composition, ...context },
    {
      async start(stop) {
        // While PostgreSQL starts.
        await composition.preload();
        const database = await Promise.race([told.database, stop.wanted]);
        if (!database || stop.signal.aborted) return undefined;
        const { databaseUrl, databaseDirectUrl, databaseUrls } = database;
        // Of a process that was killed; the supervisor has one at a time.
        rmSync(workerSocket, { force: true });
        const options = {
          log,
          progress: (step: string) => void tellSupervisor({ kind: "progress", step }),
          workerSocket,
          keys: new InternalKeys(env.internalKeys),
          claimMark,
        };
        const part = await composition
          .startPlatform(withKey({ ...env, databaseUrl, databaseDirectUrl, databaseUrls }), {
            ...options,
            trouble: told.trouble,
            parts: told.parts,
          })
          .catch((cause: unknown) => {
            throw asListenError(env, cause);
          });
        return part;
      },
      ready: ({ graphUrl, notes }) => ({ graphUrl, notes }),
      served: (part) => part.prepareGraphiql?.(),
      stopDeadlineMs: 20_000,
    },
  );
}

interface Heard {
  database: Promise<Extract<SupervisorMessage, { kind: "database" }>>;
  trouble: () => string | undefined;
  parts: () => readonly PartHealth[];
}

/** What the supervisor says, from the beginning on. */
function hearing(): Heard {
  const database = Promise.withResolvers<Extract<SupervisorMessage, { kind: "database" }>>();
  let trouble: string | undefined;
  let parts: readonly PartHealth[] = [];
  hearSupervisor((message) => {
    if (message.kind === "database") database.resolve(message);
    else if (message.kind === "parts") parts = message.parts;
    else if (message.kind === "trouble") trouble = message.trouble;
  });
  return { database: database.promise, trouble: () => trouble, parts: () => parts };
}
