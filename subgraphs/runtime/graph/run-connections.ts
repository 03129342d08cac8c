import { connectionType } from "#shared/graphql/pagination.ts";
import { NodeArtifact } from "./node-runs/artifact.entity.ts";
import { NodeRun } from "./node-runs/node-run.entity.ts";
import { Run } from "./run.entity.ts";
import { TraceSpan } from "./watching/span.entity.ts";

/** Pages of runs. */
export const RunConnection = connectionType("Run", () => Run);
/** Pages of node runs. */
export const NodeRunConnection = connectionType("NodeRun", () => NodeRun);
/** Pages of artifacts. */
export const NodeArtifactConnection = connectionType("NodeArtifact", () => NodeArtifact);
/** Pages of spans. */
export const TraceSpanConnection = connectionType("TraceSpan", () => TraceSpan);
