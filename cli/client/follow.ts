/** Follows a run in the terminal, as it happens. */
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { cliErrors } from "../errors.ts";
import { runEventPages, runLine, runResult, waitingNodes } from "./documents.ts";
import { askPatiently, defaultPatienceMs, isAway, type Patience } from "./patience.ts";
import { jsonView, textView, type FinishedRun, type FollowedEvent } from "./run-view.ts";

/** How a run is shown, and how long a lost connection is tried again. */
export interface ShowOptions {
  isJson: boolean;
  /** Writes text as it is: deltas are no lines. */
  write: (text: string) => void;
  /** Writes a line about how it goes. */
  tell: (text: string) => void;
  /** 60 s unless given. */
  giveUpAfterMs?: number | undefined;
  /** The command that follows a run: shown when this one gives up. */
  followLine?: ((runId: string) => string) | undefined;
}

/** Where a run is, and how it is shown. */
export interface FollowOptions extends ShowOptions {
  runId: string;
  url: string;
  tenant?: string | undefined;
  apiKey?: string | undefined;
}

/** A run that was shown. */
export interface ShownRun {
  run: FinishedRun;
  /** Whether why it failed stands there already. */
  isFailureShown: boolean;
}

/** Shows a run that is there, from its beginning until it has ended or rests. */
export async function followExisting({ runId, url, tenant, apiKey, ...show }: FollowOptions): Promise<ShownRun> {
  const client = createClient({ url, tenantId: tenant, apiKey });
  try {
    // A query is answered or not at once, where the socket would go on trying to reach a platform that is not there.
    const { run } = await client.query(runResult, { id: runId });
    if (run && !show.isJson) show.write(`run ${runId}\n`);
    return await showRun(client, runId, show);
  } finally {
    await client.close();
  }
}

/**
 * Shows everything that happens in a run, until it has ended or rests; gives the run as it is then.
 *
 * @throws AppError RUN_OUT_OF_SIGHT when the platform is away for longer than it is waited for.
 */
export async function showRun(client: GraphClient, runId: string, show: ShowOptions): Promise<ShownRun> {
  const { isJson, write, giveUpAfterMs = defaultPatienceMs } = show;
  const view = isJson ? jsonView(write) : textView(write);
  const tell = (text: string) => {
    view.pause();
    show.tell(isJson ? JSON.stringify({ event: "notice", text }) : text);
  };
  const patience: Patience = {
    giveUpAfterMs,
    onLost: () => tell(`  connection lost, trying again for ${giveUpAfterMs / 1_000} s …`),
    onRegained: () => tell("  connected again"),
  };
  try {
    const line = await lineOf(client, runId);
    if (line !== undefined) tell(`  ${line}`);
    const run = await followRun(client, runId, (event) => view.event(event), patience);
    return { run, isFailureShown: view.end(run) };
  } catch (cause) {
    if (!isAway(cause)) throw cause;
    throw cliErrors.RUN_OUT_OF_SIGHT({ runId, seconds: giveUpAfterMs / 1_000, followLine: show.followLine?.(runId) }, { cause });
  }
}

/** Why a run has not begun, where it waits for others of its key. A platform that cannot say it is followed all the same. */
async function lineOf(client: GraphClient, runId: string): Promise<string | undefined> {
  const line = (await client.query(runLine, { id: runId }).catch(() => undefined))?.run?.line;
  // One that was just made, and for which there is a place, is about to begin.
  if (line == null || line.taken < line.places) return undefined;
  const held = line.heldBy ? `, one by run ${line.heldBy.id}` : "";
  return `waits for others of its key: ${line.ahead} before it, ${line.taken} of ${line.places} places taken${held}`;
}

/** Hears everything that happens in a run, from its beginning until it has ended or rests; gives the run as it is then. */
export async function followRun(
  client: GraphClient,
  runId: string,
  hear: (event: FollowedEvent) => void,
  patience: Patience = {},
): Promise<FinishedRun> {
  const story = new WaitStory();
  for await (const { runEventPages: page } of client.subscribe(runEventPages, { runId }, patience)) {
    if (await isAtRest(page ?? [])) break;
  }
  const { run } = await askPatiently(() => client.query(runResult, { id: runId }), patience);
  if (!run) throw new Error(`run ${runId} is gone`);
  return run;

  async function isAtRest(page: readonly FollowedEvent[]): Promise<boolean> {
    for (const event of page) {
      hear(event);
      if (story.mayRest(event) && (await askPatiently(() => story.isToldWhole(client, runId), patience))) return true;
    }
    return false;
  }
}

/** What a node waits for that comes without anybody. */
const goesOnByItself = new Set<unknown>(["RETRY", "TIMER", "APPROVED", "CHILD"]);

/** Tells the rest of a run from the rests it has had before: a run that waited and went on is told from its beginning, too. */
class WaitStory {
  /** Attempts by path, of nodes that wait as far as the events tell. */
  readonly #waiting = new Map<string, number>();
  #isWaiting = false;

  mayRest({ type, runStatus, path, nodeStatus, attempt }: FollowedEvent): boolean {
    if (type === "RUN_STATUS") this.#isWaiting = runStatus === "WAITING";
    else if (type !== "NODE_STATUS" || path == null) return false;
    else if (nodeStatus === "WAITING") this.#waiting.set(path, attempt ?? 1);
    else this.#waiting.delete(path);
    return this.#isWaiting && (type === "RUN_STATUS" || nodeStatus === "WAITING");
  }

  /** Whether the run waits now, for somebody and for no time, and for what the events have told of. */
  async isToldWhole(client: GraphClient, runId: string): Promise<boolean> {
    const { run } = await client.query(waitingNodes, { id: runId });
    if (run?.status !== "WAITING") return false;
    return run.nodeRuns.edges.every(
      ({ node: { path, attempt, waitReason } }) => !goesOnByItself.has(waitReason) && this.#waiting.get(path) === attempt,
    );
  }
}
