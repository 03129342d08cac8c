/** Schedules and webhooks from a shell. */
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import type { CliSchedulesQuery, CliWebhooksQuery, CreateScheduleInput, CreateWebhookInput } from "#codegen/graph/graphql.ts";
import {
  createSchedule,
  createWebhook,
  deleteSchedule,
  deleteWebhook,
  pauseSchedule,
  resumeSchedule,
  schedules,
  webhooks,
} from "./documents.ts";

/** Which graph, who asks, and how it is shown. */
export interface TriggersAsked {
  url: string;
  tenant?: string | undefined;
  apiKey?: string | undefined;
  isJson: boolean;
  print: (text: string) => void;
}

const pageSize = 100;

/** Lists the tenant's schedules, newest first. */
export function listSchedules(asked: TriggersAsked): Promise<void> {
  return listed(asked, async (client, after) => {
    const { schedules: page }: CliSchedulesQuery = await client.query(schedules, { first: pageSize, after });
    return { items: page?.nodes ?? [], line: scheduleLine, pageInfo: page?.pageInfo };
  });
}

/** Makes a schedule. @throws AppError of the graph */
export function makeSchedule(asked: TriggersAsked, input: CreateScheduleInput): Promise<void> {
  return withClient(asked, async (client) => {
    const { createSchedule: made } = await client.mutate(createSchedule, { input });
    if (made != null) show(asked, made, scheduleLine(made));
  });
}

const scheduleVerbs = { pause: pauseSchedule, resume: resumeSchedule, delete: deleteSchedule };

/** Pauses, resumes or deletes a schedule. @throws AppError of the graph */
export function changeSchedule(asked: TriggersAsked, verb: keyof typeof scheduleVerbs, id: string): Promise<void> {
  return withClient(asked, async (client) => {
    const { schedule } = await client.mutate(scheduleVerbs[verb], { id });
    if (schedule != null) show(asked, schedule, verb === "delete" ? `${id} was deleted; its runs stay.` : scheduleLine(schedule));
  });
}

/** Lists the tenant's webhooks, newest first. */
export function listWebhooks(asked: TriggersAsked): Promise<void> {
  return listed(asked, async (client, after) => {
    const { webhooks: page }: CliWebhooksQuery = await client.query(webhooks, { first: pageSize, after });
    return { items: page?.nodes ?? [], line: webhookLine, pageInfo: page?.pageInfo };
  });
}

/** Makes a webhook; its URL and its secret are printed this once. @throws AppError of the graph */
export function makeWebhook(asked: TriggersAsked, input: CreateWebhookInput): Promise<void> {
  return withClient(asked, async (client) => {
    const { createWebhook: made } = await client.mutate(createWebhook, { input });
    if (made == null) return;
    const url = made.url == null ? null : new URL(made.url, asked.url).href;
    const secret = made.secret == null ? "" : `\nsecret  ${made.secret}`;
    show(asked, { ...made.webhook, url, secret: made.secret }, `${made.webhook.id}\nurl     ${url}${secret}\nThey are shown this once.`);
  });
}

/** Deletes a webhook. @throws AppError of the graph */
export function removeWebhook(asked: TriggersAsked, id: string): Promise<void> {
  return withClient(asked, async (client) => {
    const { webhook } = await client.mutate(deleteWebhook, { id });
    if (webhook != null) show(asked, webhook, `${id} was deleted; its runs stay.`);
  });
}

interface ListedPage<T> {
  items: readonly T[];
  line: (item: T) => string;
  pageInfo: { hasNextPage: boolean; endCursor?: string | null | undefined } | undefined;
}

function listed<T>(asked: TriggersAsked, read: (client: GraphClient, after: string | null) => Promise<ListedPage<T>>): Promise<void> {
  return withClient(asked, async (client) => {
    let after: string | null = null;
    do {
      const { items, line, pageInfo }: ListedPage<T> = await read(client, after);
      for (const item of items) show(asked, item, line(item));
      after = pageInfo?.hasNextPage === true ? (pageInfo.endCursor ?? null) : null;
    } while (after !== null);
  });
}

type ScheduleNode = NonNullable<CliSchedulesQuery["schedules"]>["nodes"][number];
type WebhookNode = NonNullable<CliWebhooksQuery["webhooks"]>["nodes"][number];

function scheduleLine({ id, name, status, cron, zone, nextAt, lastError }: ScheduleNode): string {
  const error = lastError == null ? [] : [`refused: ${lastError.reason}`];
  return [id, status, JSON.stringify(name), cron, zone, ...(nextAt == null ? [] : [`next ${nextAt}`]), ...error].join("  ");
}

function webhookLine({ id, name, status, answer, signature }: WebhookNode): string {
  return [id, status, JSON.stringify(name), answer, signature == null ? "not signed" : `signed in ${signature.header}`].join("  ");
}

function show({ isJson, print }: TriggersAsked, value: unknown, line: string): void {
  print(isJson ? JSON.stringify(value) : line);
}

async function withClient({ url, tenant, apiKey }: TriggersAsked, work: (client: GraphClient) => Promise<void>): Promise<void> {
  const client = createClient({ url, tenantId: tenant, apiKey });
  try {
    await work(client);
  } finally {
    await client.close();
  }
}
