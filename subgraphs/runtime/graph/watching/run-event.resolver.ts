import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, ID, Info, Resolver, Root, Subscription } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { asksForIdOnly } from "#shared/graphql/selection.ts";
import { NodeRun } from "../node-runs/node-run.entity.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import { NodeRunUpdate, RunEvent, TraceSpanRecord } from "./run-event.ts";
import {
  nodeRunUpdateStream,
  runEventPageStream,
  runEventStream,
  startedRunStream,
  traceSpanStream,
  type StreamCall,
} from "./run-event.stream.ts";
import { Run } from "../run.entity.ts";
import { CreateRunInput } from "../run.inputs.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { TraceSpan } from "./span.entity.ts";

const runIdArgument = { description: "The run; NOT_FOUND where there is none." };
const afterArgument = {
  nullable: true,
  description: "A cursor of any of the run's streams: the stream begins behind it; with the run's first event unless given.",
};

/** What happens in a run, live. */
@Resolver(() => RunEvent)
export class RunEventResolver {
  @Needs("run:read")
  @Subscription(() => RunEvent, {
    description:
      "What happens in a run, each stored event once and in order: a client that reconnects with the last cursor that it saw misses nothing. " +
      "Completes when the run has finished.",
    subscribe: ({ args, context }) => runEventStream(context as RuntimeContext, args as StreamCall),
  })
  runEvents(
    @Root() event: RunEvent,
    @Arg("runId", () => ID, runIdArgument) _runId: string,
    @Arg("after", () => String, afterArgument) _after: string | null,
  ): RunEvent {
    return event;
  }

  @Needs("run:read")
  @Subscription(() => [RunEvent], {
    nullable: true,
    description:
      "runEvents in pages: what is there, then what comes, several events at a time, up to 200. The same events with the same cursors, for less " +
      "work on both sides: `run`, `nodeRun` and `span` are read once for a page. Give the last event's cursor to `after` to go on behind a page. " +
      "Null only beside an error. Completes when the run has finished.",
    subscribe: ({ args, context }) => runEventPageStream(context as RuntimeContext, args as StreamCall),
  })
  runEventPages(
    @Root() page: RunEvent[],
    @Arg("runId", () => ID, runIdArgument) _runId: string,
    @Arg("after", () => String, afterArgument) _after: string | null,
  ): RunEvent[] {
    return page;
  }

  @Needs("run:write")
  @Subscription(() => RunEvent, {
    nullable: true,
    description:
      "Creates a run and tells its events from the first on, in one operation. The rules, errors and idempotencyKey are those of createRun; an error " +
      "before the run is there is the operation's. The first event's `run { id }` is the run's id: whoever loses the connection goes on with " +
      "runEvents(runId, after). Give an idempotencyKey: a client that subscribes again by itself, as many do when their connection is lost, then gets the " +
      "same run's events from its first, and without one it makes another run. Ending the subscription does not end the run. Null only beside an error.",
    subscribe: ({ args, context }) => startedRunStream(context as RuntimeContext, args["input"] as CreateRunInput),
  })
  startRun(@Root() event: RunEvent, @Arg("input", () => CreateRunInput) _input: CreateRunInput): RunEvent {
    return event;
  }

  @FieldResolver(() => Date, {
    description: "When it was told, by the database's clock; of stored events never before that of the event before.",
  })
  occurredAt(@Root() { at }: RunEvent): Date {
    return at;
  }

  @FieldResolver(() => Run, { description: "The run as it is now." })
  run(
    @Root() { runId }: RunEvent,
    @Ctx() { loaders }: RuntimeContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Run | null> | Pick<Run, "id"> {
    // There is a run where there is an event of it.
    return asksForIdOnly(info) ? { id: runId } : loaders.run.load(runId);
  }

  @FieldResolver(() => NodeRun, { nullable: true, description: "The node run as it is now; null in RUN_STATUS events." })
  nodeRun(@Root() { runId, path }: RunEvent, @Ctx() { loaders }: RuntimeContext): Promise<NodeRun | null> | null {
    return path === null ? null : loaders.nodeRun.load(nodeRunId(runId, path));
  }

  @FieldResolver(() => TraceSpan, { nullable: true, description: "SPAN: the span; else null." })
  span(@Root() { runId, spanId }: RunEvent, @Ctx() { loaders }: RuntimeContext): Promise<TraceSpan | null> | null {
    return spanId === null ? null : loaders.span.load(`${runId}/${spanId}`);
  }
}

/** Changes of node runs, live. */
@Resolver(() => NodeRunUpdate)
export class NodeRunUpdateResolver {
  @Needs("run:read")
  @Subscription(() => NodeRunUpdate, {
    description: "Every change of status of a run's node runs, once and in order. Completes when the run has finished.",
    subscribe: ({ args, context }) => nodeRunUpdateStream(context as RuntimeContext, args as StreamCall),
  })
  nodeRunUpdated(
    @Root() update: NodeRunUpdate,
    @Arg("runId", () => ID, runIdArgument) _runId: string,
    @Arg("after", () => String, afterArgument) _after: string | null,
  ): NodeRunUpdate {
    return update;
  }

  @FieldResolver(() => Date, { description: "When it happened, by the database's clock." })
  occurredAt(@Root() { at }: NodeRunUpdate): Date {
    return at;
  }

  @FieldResolver(() => NodeRun, { description: "The node run as it is now." })
  nodeRun(@Root() { runId, path }: NodeRunUpdate, @Ctx() { loaders }: RuntimeContext): Promise<NodeRun | null> {
    return loaders.nodeRun.load(nodeRunId(runId, path));
  }
}

/** Spans, live. */
@Resolver(() => TraceSpanRecord)
export class TraceSpanRecordResolver {
  @Needs("run:read")
  @Subscription(() => TraceSpanRecord, {
    description: "Every span of a call that a run's nodes made, once and in order. Completes when the run has finished.",
    subscribe: ({ args, context }) => traceSpanStream(context as RuntimeContext, args as StreamCall),
  })
  traceSpanRecorded(
    @Root() record: TraceSpanRecord,
    @Arg("runId", () => ID, runIdArgument) _runId: string,
    @Arg("after", () => String, afterArgument) _after: string | null,
  ): TraceSpanRecord {
    return record;
  }

  @FieldResolver(() => TraceSpan, { description: "The span." })
  span(@Root() { runId, spanId }: TraceSpanRecord, @Ctx() { loaders }: RuntimeContext): Promise<TraceSpan | null> {
    return loaders.span.load(`${runId}/${spanId}`);
  }
}
