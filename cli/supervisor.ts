/**
 * The process that `start` is: it starts the parts of the platform as its children, each on its own, and starts again whatever ends. It does nothing that can
 * block or fill its memory: no GraphQL, nothing that strangers wrote, no document.
 */
import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Env } from "#shared/config.ts";
import type { Log } from "#shared/log.ts";
import type { PartHealth } from "#shared/part-health.ts";
import type { CliContext } from "./context.ts";
import { workerEnvironment } from "./compose/worker-environment.ts";
import { apiEnvironment } from "./compose/api-environment.ts";
import { openPlatformDatabase, type OpenDatabase } from "./database/database.ts";
import { watchArchive } from "./database/archive-watch.ts";
import { watchDatabase } from "./database/database-watch.ts";
import { diskTrouble, watchDisk } from "./database/disk-watch.ts";
import { cliErrors } from "./errors.ts";
import { forkSelf } from "./process/fork-self.ts";
import { Gate } from "./process/gate.ts";
import type { InstanceLock } from "./process/instance-lock.ts";
import type { PartMessage } from "./process/part-messages.ts";
import type { Ended } from "./process/part-process.ts";
import type { EndCause } from "./process/restart-pace.ts";
import type { ShutdownList } from "./process/shutdown-list.ts";
import { storyOf, SupervisedPart, type PartEnded } from "./process/supervised-part.ts";
import { suspectsProcess, type SuspectsProcess } from "./process/suspects-process.ts";
import { superviseWorkers, type WorkerProcesses } from "./process/worker-processes.ts";
import { workerSocketOf } from "./process/worker-socket.ts";

/** What a supervisor works with. */
export interface SupervisorOptions {
  context: CliContext;
  env: Env & { logFile: string };
  lock: InstanceLock;
  log: Log;
  shutdown: ShutdownList;
  /** Says what is being done while it starts. */
  progress: (step: string) => void;
  /** Says what has happened to a running platform. */
  tell: (text: string) => void;
}

/** A platform that serves. */
export interface ServingPlatform {
  graphUrl: string;
  notes: string[];
}

/** Ends of its own that are too many, without 30 s of life between them: what is wrong then does not pass by itself. */
const apiLimit = { causes: ["crashed", "unstarted"] as EndCause[], ends: 6 };
/** Of a platform that starts, as many processes of the API may be killed. */
const mostKilledStarts = 3;
/** A worker that dies of what it executes is no reason to end: that goes to the process for suspects. */
const workerLimit = { causes: ["unstarted"] as EndCause[], ends: 6 };

const now = () => new Date().toISOString();

function databaseHealthAfter({ name, restarts }: PartHealth, trouble: string | undefined): PartHealth {
  // It is no child of this process: nobody says why it ended.
  const ended = { name, since: now(), lastEndCause: "UNKNOWN" as const };
  return trouble === undefined ? { ...ended, state: "UP", restarts: restarts + 1 } : { ...ended, state: "DOWN", restarts };
}

/** Supervises the parts of one platform. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #databaseUp = new Gate();
  readonly #serving = Promise.withResolvers<ServingPlatform>();
  readonly #broken = Promise.withResolvers<never>();
  /** Why the platform is not ready, by what it is that is wrong. */
  readonly #troubles = new Map<string, string>();
  readonly #workerSocket: { path: string; remove(): void };
  readonly #api: SupervisedPart;
  #workers: WorkerProcesses | undefined;
  #suspects: SuspectsProcess | undefined;
  #database: OpenDatabase | undefined;
  /** Known once it has served: it comes back where its clients expect it. */
  #port: number;
  #isServing = false;
  #killedStarts = 0;
  #databaseHealth: PartHealth = { name: "PostgreSQL", state: "STARTING", since: now(), restarts: 0, lastEndCause: null };

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#port = options.env.port;
    this.#workerSocket = workerSocketOf(options.env.dataDir);
    this.#api = this.#apiPart();
    this.#serving.promise.catch(() => {});
    this.#broken.promise.catch(() => {});
  }

  /** Rejects when the platform cannot go on. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /** What the parts have counted, a text each; those of parts that do not answer are missing. */
  metrics(): Promise<string[]> {
    return Promise.all([this.#api.metrics(), this.#workers?.metrics() ?? [], this.#suspects?.metrics() ?? ""]).then((texts) =>
      texts.flat(),
    );
  }

  /** How the parts fare. */
  get parts(): readonly PartHealth[] {
    return this.#partsMessage().parts;
  }

  /**
   * Starts the parts, side by side where they can be: the API loads its code while PostgreSQL starts, and workers load theirs while the graph opens.
   *
   * @param signal  aborted when it is to stop meanwhile.
   * @returns nothing when it was told to stop.
   */
  async start(signal: AbortSignal): Promise<ServingPlatform | undefined> {
    const { env, shutdown, progress } = this.#options;
    shutdown.add("the workers' socket", () => Promise.resolve(this.#workerSocket.remove()), 1_000);
    shutdown.add("PostgreSQL", () => this.#database?.stop() ?? Promise.resolve(), 20_000);
    shutdown.add("the API", () => this.#api.stop(22_000), 25_000);
    // Whoever is impatient ends this process at once; the port must be free then, or the next start would not find it so.
    process.once("exit", () => this.#api.kill());
    progress(env.databaseUrl === undefined ? "starting PostgreSQL" : "preparing the database");
    this.#api.start();
    this.#database = await openPlatformDatabase(env);
    if (signal.aborted) return undefined;
    this.#databaseOpened(this.#database);
    this.#workersStart(this.#database);
    shutdown.add("the process for suspects", () => this.#suspects?.stop() ?? Promise.resolve(), 30_000);
    // Before the graph that they call does.
    shutdown.add("the workers", () => this.#workers?.stop() ?? Promise.resolve(), 32_000);
    const aborted = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
    return await Promise.race([this.#serving.promise, this.#broken.promise, aborted]);
  }

  #databaseOpened({ embedded, env }: OpenDatabase): void {
    const { lock, shutdown, tell } = this.#options;
    this.#databaseUp.open();
    this.#databaseHealth = { ...this.#databaseHealth, state: "UP", since: now() };
    this.#api.tell(this.#databaseMessage(env));
    const folders = embedded ? [env.dataDir, realpathSync(join(env.dataDir, "postgres"))] : [env.dataDir];
    const disk = watchDisk({ folders, onChange: (trouble) => this.#diskChanged(trouble) });
    shutdown.add("the watch over the disk", disk, 5_000);
    if (!embedded) return;
    lock.note({ databaseUrl: env.databaseUrl });
    const watch = watchDatabase({
      server: embedded,
      tell,
      giveUp: this.#broken.reject,
      obstacle: () => diskTrouble(folders),
      onChange: (trouble) => this.#databaseChanged(trouble),
    });
    shutdown.add("the watch over PostgreSQL", watch, 65_000);
    if (env.walArchiveDir === undefined) return;
    const archive = resolve(env.walArchiveDir);
    const ended = watchArchive({ databaseUrl: embedded.adminUrl(), archive, onChange: (trouble) => this.#archiveChanged(trouble) });
    shutdown.add("the watch over the archive", ended, 12_000);
  }

  #workersStart({ env }: OpenDatabase): void {
    const { context, env: given, log } = this.#options;
    const environment = workerEnvironment({
      environment: context.environment,
      env,
      subgraphUrls: context.composition.workerUrls(this.#workerSocket.path),
    });
    const onChange = () => this.#childrenNote();
    this.#suspects = suspectsProcess({
      fork: () => forkSelf(["worker", "--supervised", "--suspects"], environment),
      log,
      onChange,
      onEnd: (end) => this.#leasesFree(end),
    });
    this.#workers = superviseWorkers({
      count: given.workers,
      fork: () => forkSelf(["worker", "--supervised"], environment),
      pace: { limit: workerLimit },
      mayStart: () => this.#databaseUp.opened(),
      onChange,
      onMessage: ({ kind }) => kind === "suspect" && this.#suspects?.wanted(),
      onEnd: (end) => this.#workerEnded(end),
      onGiveUp: this.#broken.reject,
      logFile: given.logFile,
    });
    this.#childrenNote();
  }

  #apiPart(): SupervisedPart {
    const { context, env } = this.#options;
    return new SupervisedPart({
      name: "API",
      fork: () =>
        forkSelf(["api", "--worker-socket", this.#workerSocket.path], apiEnvironment(context.environment, { ...env, port: this.#port })),
      pace: { limit: apiLimit },
      greeting: () => [
        ...(this.#database && this.#databaseUp.isOpen ? [this.#databaseMessage(this.#database.env)] : []),
        this.#troubleMessage(),
        this.#partsMessage(),
      ],
      onChange: () => this.#childrenNote(),
      onMessage: (message) => this.#apiSaid(message),
      onEnd: (end) => this.#apiEnded(end),
      onGiveUp: this.#broken.reject,
      logFile: env.logFile,
    });
  }

  #apiSaid(message: PartMessage): void {
    const { lock, tell, progress } = this.#options;
    if (message.kind === "progress" && !this.#isServing) progress(message.step);
    if (message.kind !== "ready" || message.graphUrl === undefined) return;
    if (this.#isServing) return tell("the API serves again");
    this.#isServing = true;
    this.#port = Number(new URL(message.graphUrl).port);
    lock.note({ graphUrl: message.graphUrl, workerSocket: this.#workerSocket.path });
    this.#serving.resolve({ graphUrl: message.graphUrl, notes: message.notes ?? [] });
  }

  #apiEnded(end: PartEnded): void {
    // Of what it executed itself for callers.
    if (end.code !== 0) this.#leasesFree(end);
    if (end.restartInMs === undefined) return;
    // A process that somebody ends before it has served is no hindrance; but a machine that has no memory for it ends each.
    const isStartedAgain = end.cause === "killed" && ++this.#killedStarts < mostKilledStarts;
    if (!this.#isServing && !isStartedAgain) {
      // What hinders the first start is for the person who waits for it, at once.
      void this.#api.stop(0);
      this.#serving.reject(end.failure ?? cliErrors.PART_KEEPS_ENDING({ part: "API", story: storyOf(end) }));
      return;
    }
    this.#endTell("the API", end);
  }

  #workerEnded(end: PartEnded): void {
    if (end.code !== 0) this.#leasesFree(end);
    if (end.restartInMs !== undefined) this.#endTell("worker", end);
  }

  #endTell(name: string, { pid, code, signal, cause, restartInMs = 0, failure, stuck, words }: PartEnded): void {
    // Node's own last words, such as those of a heap that is full, are nowhere else but in the terminal.
    const said = words === "" ? undefined : words;
    this.#options.log.warn({ part: name, pid, code, signal, cause, stuck, said, err: failure }, "a part ended; it is started again");
    const how = cause === "stuck" ? "ended, for its main loop stood still" : `ended (${signal ?? `code ${code}`})`;
    this.#options.tell(`${name} ${pid} ${how}; another is started in ${restartInMs / 1_000} s`);
  }

  #leasesFree({ claimMark, stuck }: Ended): void {
    const { context, log } = this.#options;
    if (claimMark === undefined || this.#database === undefined) return;
    const freed = context.composition.freeLeases(this.#database.env, { claimMark, blamedRunId: stuck?.runId }, log);
    freed.catch((cause: unknown) => log.error({ err: cause }, "the leases of a dead process were not freed; they run out"));
  }

  #databaseChanged(trouble: string | undefined): void {
    if (trouble === undefined) this.#databaseUp.open();
    else this.#databaseUp.close();
    this.#databaseHealth = databaseHealthAfter(this.#databaseHealth, trouble);
    this.#troubleSet("database", trouble);
    this.#api.tell(this.#partsMessage());
    if (trouble === undefined && this.#database) this.#api.tell(this.#databaseMessage(this.#database.env));
  }

  #diskChanged(trouble: string | undefined): void {
    this.#options.tell(trouble ?? "The disk can be written to again.");
    if (trouble === undefined) this.#options.log.warn("the disk can be written to again");
    else this.#options.log.error({ trouble }, "a disk cannot be written to");
    this.#troubleSet("disk", trouble);
  }

  /** No reason to be sent no requests: the platform serves as before. */
  #archiveChanged(trouble: string | undefined): void {
    this.#options.tell(trouble ?? "PostgreSQL's log is archived again.");
    if (trouble === undefined) this.#options.log.warn("the database's log is archived again");
    else this.#options.log.error({ trouble }, "the database's log is not archived");
  }

  #troubleSet(what: string, trouble: string | undefined): void {
    if (trouble === undefined) this.#troubles.delete(what);
    else this.#troubles.set(what, trouble);
    this.#api.tell(this.#troubleMessage());
  }

  #troubleMessage() {
    const stories = [...this.#troubles.values()];
    return { kind: "trouble" as const, ...(stories.length > 0 && { trouble: stories.join(" ") }) };
  }

  #databaseMessage({ databaseUrl, databaseDirectUrl, databaseUrls }: OpenDatabase["env"]) {
    return { kind: "database" as const, databaseUrl, databaseDirectUrl, databaseUrls };
  }

  #childrenNote(): void {
    const known = [...this.#api.known, ...(this.#workers?.known() ?? []), ...(this.#suspects?.known() ?? [])];
    this.#options.lock.note({ children: known });
    this.#api.tell(this.#partsMessage());
  }

  #partsMessage() {
    // A database of somebody else is no part.
    const database = this.#options.env.databaseUrl === undefined ? [this.#databaseHealth] : [];
    return { kind: "parts" as const, parts: [...database, this.#api.health, ...(this.#workers?.health() ?? [])] };
  }
}
