/** How a part of the platform fares, as its supervisor knows it: PostgreSQL, the API, each worker. */

/** starting: its process runs and does not serve yet. up: it serves. down: it has ended; another is started, or nothing more of it is. */
export const partStates = ["STARTING", "UP", "DOWN"] as const;

/** Why it ended. killed: from outside. stuck: its main loop did not turn. crashed: by itself, after it served; unstarted: before. */
export const partEndCauses = ["KILLED", "STUCK", "CRASHED", "UNSTARTED", "UNKNOWN"] as const;

export interface PartHealth {
  name: string;
  state: (typeof partStates)[number];
  /** When it came into its state; ISO 8601. */
  since: string;
  /** How often it was started again, since the platform was. */
  restarts: number;
  lastEndCause: (typeof partEndCauses)[number] | null;
}
