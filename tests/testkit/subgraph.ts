import { randomBytes } from "node:crypto";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { defaultEnv, type Env } from "#shared/config.ts";
import type { HintChannel } from "#shared/hints.ts";
import { createLog } from "#shared/log.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { openSubgraph, type RunningSubgraph, type SubgraphDefinition } from "#shared/graphql/subgraph.ts";
import { allDone } from "./all-done.ts";
import { createTestDatabase } from "./database.ts";
import { afterEachTest } from "./jest/suite-hooks.ts";

/** Hints of one process, without PostgreSQL between. */
export function localHints(): HintChannel {
  const listeners = new Map<string, Set<(key: string, body: never) => void>>();
  return {
    publish(topic, key, body) {
      for (const id of [`${topic} ${key}`, `${topic} *`]) for (const listener of listeners.get(id) ?? []) listener(key, body as never);
    },
    subscribe(topic, key, listener) {
      const id = `${topic} ${key}`;
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      return () => set.delete(listener);
    },
  };
}

/** One subgraph on a database of its own. */
export interface TestSubgraph {
  subgraph: RunningSubgraph;
  registry: EndpointRegistry;
  databaseUrl: string;
  adminUrl: string;
  /** Executes as a tenant (`t1` unless given); throws when the answer has errors. */
  ask<D = Record<string, never>>(query: string, variables?: Record<string, unknown>, info?: Partial<RequestInfo>): Promise<D>;
  /** Executes and gives the first error's extensions and message. */
  refusal(
    query: string,
    variables?: Record<string, unknown>,
    info?: Partial<RequestInfo>,
  ): Promise<{ message: string } & Record<string, unknown>>;
  /** Adds a step that `close` begins with, such as stopping a worker. */
  atClose(step: () => Promise<void>): void;
  /** Closing twice is closing once; what a failed test left open is closed after it. */
  close(): Promise<void>;
}

// Of the test that runs; what beforeAll opened is the file's own to close.
const opened = new Set<() => Promise<void>>();
const isInTest = () => expect.getState().currentTestName !== undefined;
afterEachTest(async () => {
  const all = [...opened];
  // Before the wait: one that hangs fails its own test, and none of the tests after it.
  opened.clear();
  await allDone(all.map((close) => close()));
});

/** Opens a subgraph alone; others that it calls are registered by the test. */
export async function openTestSubgraph<L, S>(definition: SubgraphDefinition<L, S>, env: Partial<Env> = {}): Promise<TestSubgraph> {
  const database = await createTestDatabase();
  const registry = new EndpointRegistry();
  const fullEnv = defaultEnv({ logLevel: "silent", ...env });
  const subgraph = await openSubgraph(definition, {
    env: fullEnv,
    log: createLog(fullEnv, "test"),
    hints: localHints(),
    call: registry.as(definition.name),
    secrets: createSecretBox(randomBytes(32).toString("hex")),
    databaseUrl: database.url,
  });
  registry.register(subgraph);
  const steps: (() => Promise<void>)[] = [];
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    opened.delete(close);
    for (const step of steps) await step();
    await subgraph.close();
    await database.drop();
  };
  if (isInTest()) opened.add(close);
  const execute = (query: string, variables?: Record<string, unknown>, info: Partial<RequestInfo> = {}) =>
    subgraph.execute({ query, variables, info: { tenantId: "t1", requestId: "test", ...info } });
  return {
    subgraph,
    registry,
    databaseUrl: database.url,
    adminUrl: database.adminUrl,
    async ask(query, variables, info) {
      const result = await execute(query, variables, info);
      if (result.errors) throw new Error(JSON.stringify(result.errors));
      return result.data as never;
    },
    async refusal(query, variables, info) {
      const { errors } = await execute(query, variables, info);
      if (!errors?.[0]) throw new Error("the operation was not refused");
      return { message: errors[0].message, ...errors[0].extensions };
    },
    atClose: (step) => void steps.unshift(step),
    close,
  };
}
