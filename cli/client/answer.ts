/** Lists and answers what waits for somebody, from a shell. */
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import type { CliAskerFragment, CliQuestionFragment, CliWaitingNodeRunsQuery, ResumeNodeRunInput } from "#codegen/graph/graphql.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { cliErrors } from "../errors.ts";
import { answerNodeRun, askedQuestion, waitingNodeRuns } from "./documents.ts";
import { schemaShape } from "./input-shape.ts";
import { asksNothing, questionLines, valuesOf } from "./question.ts";

interface Asked {
  url: string;
  tenant?: string | undefined;
  apiKey?: string | undefined;
  isJson: boolean;
  print: (text: string) => void;
}

const pageSize = 100;

/** Shows what waits, the longest waiting first. */
export function listWaiting({ assignee, isJson, print, ...asked }: Asked & { assignee?: string | undefined }): Promise<void> {
  return withClient(asked, async (client) => {
    let after: string | null | undefined = null;
    let isEmpty = true;
    do {
      const { waitingNodeRuns: page }: CliWaitingNodeRunsQuery = await client.query(waitingNodeRuns, {
        filter: { assignee },
        first: pageSize,
        after,
      });
      for (const node of page?.nodes ?? []) print(isJson ? JSON.stringify(node) : lineOf(node));
      isEmpty &&= (page?.nodes.length ?? 0) === 0;
      after = page?.pageInfo.hasNextPage === true ? page.pageInfo.endCursor : null;
    } while (after != null);
    if (isEmpty && !isJson) print("Nothing waits for anybody.");
  });
}

type WaitingNode = NonNullable<CliWaitingNodeRunsQuery["waitingNodeRuns"]>["nodes"][number];

function lineOf({ id, waiting, parent }: WaitingNode): string {
  if (waiting == null) return `${id}  (was answered)`;
  const { reason, text, form, assignees, actions, deadline, toolName, arguments: args } = waiting;
  const parts = [
    ...(text == null ? [] : [oneLine(text)]),
    ...(toolName == null ? [] : [`call of ${toolName} with ${oneLine(JSON.stringify(args))}`]),
    ...askerWords(parent),
    ...(form == null ? [] : [`asks for ${oneLine(schemaShape(form as JsonObject))}`]),
    ...(assignees.length === 0 ? [] : [`for ${assignees.join(", ")}`]),
    ...(actions.length === 0 ? [] : [`--action ${actions.map((action) => action.id).join("|")}`]),
    ...(deadline == null ? [] : [`until ${deadline}`]),
  ];
  return oneLine([`${id}  ${reason}`, ...parts].join("  ·  "), 400);
}

/** What strangers wrote does not steer the terminal. */
function oneLine(text: string, most = 120): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1).toWellFormed()}…` : line;
}

/** Shows what a node run asks, and how it is answered. @throws AppError NOTHING_ASKED */
export function showQuestion({ nodeRunId, ...asked }: Asked & { nodeRunId: string }): Promise<void> {
  return withClient(asked, async (client) => printQuestion(asked, await questionOf(client, nodeRunId)));
}

/**
 * Lets a node run go on that only waits for somebody to say so; what asks for more is shown.
 *
 * @throws AppError NOTHING_ASKED; ANSWER_MISSING after it was shown
 */
export function letGoOn({ nodeRunId, ...asked }: Asked & { nodeRunId: string }): Promise<void> {
  return withClient(asked, async (client) => {
    const question = await questionOf(client, nodeRunId);
    if (asksNothing(question.waiting)) return answerWith(client, asked, { nodeRunId, answer: {} });
    printQuestion(asked, question);
    throw cliErrors.ANSWER_MISSING({ id: nodeRunId });
  });
}

function printQuestion({ isJson, print }: Pick<Asked, "isJson" | "print">, { id, parent, waiting }: AskedQuestion): void {
  if (isJson) return print(JSON.stringify({ id, parent, waiting }));
  for (const line of questionLines({ id, by: askerWords(parent) }, waiting)) print(line);
}

interface AskedQuestion {
  id: string;
  parent: Asker;
  waiting: CliQuestionFragment;
}

type Asker = CliAskerFragment["parent"];

/** Who wants a call, where that is one of several: an agent of a workflow, or a member of a team. */
function askerWords(parent: Asker): string[] {
  if (parent == null || !askers.includes(parent.nodeType) || parent.nodeId === parent.nodeType) return [];
  return [`asked by ${oneLine(parent.nodeId)}`];
}

/** Node types whose parts ask. The one node of an agent's own run, or a team's, is called as its type is. */
const askers: readonly string[] = ["agent", "team"];

async function questionOf(client: GraphClient, nodeRunId: string): Promise<AskedQuestion> {
  const { nodeRun } = await client.query(askedQuestion, { id: nodeRunId });
  if (nodeRun?.waiting == null)
    throw cliErrors.NOTHING_ASKED({ id: nodeRunId, status: nodeRun?.status ?? null, answeredBy: nodeRun?.answeredBy ?? null });
  return { id: nodeRunId, parent: nodeRun.parent, waiting: nodeRun.waiting };
}

/**
 * Answers a node run.
 *
 * @param options.fields  of its form, each as `name=value`
 * @throws AppError of the graph: somebody was first, or the answer does not fit; those of valuesOf
 */
export function answerWaiting({
  nodeRunId,
  answer: given,
  fields = [],
  ...asked
}: Asked & { nodeRunId: string; answer: ResumeNodeRunInput; fields?: readonly string[] | undefined }): Promise<void> {
  return withClient(asked, async (client) => {
    const { outputJson } = given;
    if (fields.length > 0 && outputJson !== undefined && !isJsonObject(outputJson))
      throw cliErrors.ANSWER_FIELD_INVALID({
        given: `--output ${oneLine(JSON.stringify(outputJson))}`,
        problem: "with --set it is a JSON object",
      });
    const answer = fields.length === 0 ? given : await withFields(client, nodeRunId, given, fields);
    await answerWith(client, asked, { nodeRunId, answer });
  });
}

async function answerWith(
  client: GraphClient,
  { isJson, print }: Pick<Asked, "isJson" | "print">,
  { nodeRunId, answer }: { nodeRunId: string; answer: ResumeNodeRunInput },
): Promise<void> {
  const { resumeNodeRun: node } = await client.mutate(answerNodeRun, { id: nodeRunId, input: answer });
  if (node == null) throw new Error(`node run ${nodeRunId} was not answered`);
  print(isJson ? JSON.stringify(node) : `${node.id} was answered; its run is ${node.run.status}.`);
}

async function withFields(
  client: GraphClient,
  nodeRunId: string,
  answer: ResumeNodeRunInput,
  fields: readonly string[],
): Promise<ResumeNodeRunInput> {
  const { form } = (await questionOf(client, nodeRunId)).waiting;
  const { outputJson } = answer;
  return { ...answer, outputJson: { ...(isJsonObject(outputJson) ? outputJson : {}), ...valuesOf(form as JsonObject | null, fields) } };
}

async function withClient(
  { url, tenant, apiKey }: Pick<Asked, "url" | "tenant" | "apiKey">,
  work: (client: GraphClient) => Promise<void>,
): Promise<void> {
  const client = createClient({ url, tenantId: tenant, apiKey });
  try {
    await work(client);
  } finally {
    await client.close();
  }
}
