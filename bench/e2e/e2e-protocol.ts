/** What the bench and its process of clients tell each other. */
import type { BenchOptions } from "../options.ts";

/** The clients that are wanted: the process's argument, as JSON. */
export interface ClientsWanted {
  graphUrl: string;
  workflowVersionId: string;
  clients: number;
  readers: number;
  mode: BenchOptions["mode"];
  /** Where the platform asks for one. */
  apiKey?: string | undefined;
}

/** To the clients: make so many runs among you, each the next one as soon as its last has ended. */
export interface RunsWanted {
  runs: number;
}

/** From the clients: what came of it. */
export interface RunsDone {
  wallMs: number;
  /** From before createRun to the event of the run's end, a run. */
  latencies: number[];
  /** In words, of each run that did not complete. */
  failures: string[];
  /** CPU time of the clients' process. */
  cpuMs: number;
  /** A page that a reader has read meanwhile. */
  pages: number[];
}
