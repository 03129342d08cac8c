import { counter } from "#shared/metrics/instruments.ts";

/** Counts each run where its end is stored, or was. */
export const runsEnded = counter({
  name: "runs_ended_total",
  help: "Runs that have ended here, by their last status.",
  labels: ["status"],
});
