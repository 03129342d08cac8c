import type { ExecutionResult } from "graphql";
import type { TestRuntime } from "./setup.ts";

/** An event with the fields of {@link eventFields}. */
export interface Event {
  cursor: string;
  type: string;
  runStatus: string | null;
  nodeId: string | null;
  nodeStatus: string | null;
  delta: string | null;
  run: { id: string; status: string };
  nodeRun: { id: string; status: string } | null;
  span: { spanType: string } | null;
}
export type Stream = AsyncIterableIterator<ExecutionResult>;

export const eventFields = `cursor type at runStatus nodeId nodeStatus attempt delta run { id status } nodeRun { id status outputText } span { spanType }`;
/** Executes a MANUAL run. */
export const execute = `mutation($id: ID!, $steps: Int) { executeRun(id: $id, input: { workerKey: "w", maxSteps: $steps }) { stopReason } }`;

/** Subscribes. @throws what the subgraph refuses it with, as JSON. */
export async function open(t: TestRuntime, query: string, variables: Record<string, unknown>, tenantId = "t1"): Promise<Stream> {
  const result = await t.subgraph.subscribe({ query, variables, info: { tenantId, requestId: "stream" } });
  if (!(Symbol.asyncIterator in result)) throw new Error(JSON.stringify(result));
  return result;
}

/** Takes `count` values of the root field, or all until the stream completes. */
export async function take<T = Event>(stream: Stream, count = Infinity): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const step = await stream.next();
    if (step.done === true) break;
    if (step.value.errors) throw new Error(JSON.stringify(step.value.errors));
    taken.push(Object.values(step.value.data as Record<string, T>)[0]!);
  }
  return taken;
}

/** Code and reason with which a subscription is refused. */
export async function refusal(t: TestRuntime, query: string, variables: Record<string, unknown>, tenantId = "t1"): Promise<string> {
  const result = await t.subgraph.subscribe({ query, variables, info: { tenantId, requestId: "stream" } });
  const { code, reason } = (result as ExecutionResult).errors![0]!.extensions;
  return `${String(code)} ${String(reason)}`;
}

/** An event in words. */
export const told = ({ type, runStatus, nodeId, nodeStatus }: Event): string =>
  [type, nodeId, runStatus ?? nodeStatus].filter(Boolean).join(" ");
