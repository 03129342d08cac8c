/** The clients that people have, as they come out of their packages, at the running platform: nothing here is ours but the address and the tenant. */
import { createHash } from "node:crypto";
import { ApolloClient, HttpLink, InMemoryCache, type ApolloLink } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { cacheExchange, Client as UrqlClient, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { parse } from "graphql";
import { GraphQLClient } from "graphql-request";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import { lastValueFrom, toArray } from "rxjs";
import WebSocket from "ws";
import { finishRun, makeWorkflow, startRun } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
let appId: string;
let runId: string;
beforeAll(async () => {
  platform = await startTestPlatform();
  const made = await makeWorkflow(platform, { nodes: [{ id: "reply", type: "answer", config: { answer: "hi" } }], edges: [] });
  appId = made.appId;
  runId = await startRun(platform, made.workflowId);
  await finishRun(platform, runId);
});
afterAll(() => platform.stop());

const headers = { "x-tenant-id": "t1" };
const webSocketUrl = () => platform.url.replace("http", "ws");
const wsClient = () => createWsClient({ url: webSocketUrl(), webSocketImpl: WebSocket, connectionParams: headers, retryAttempts: 0 });

const appText = "query App($id: ID!) { app(id: $id) { id name workflows(first: 1) { nodes { id name app { id } } } } }";
const renameText = "mutation Rename($id: ID!, $name: String!) { updateApp(id: $id, input: { name: $name }) { id name } }";
const eventsText = "subscription Events($runId: ID!) { runEvents(runId: $runId) { cursor runStatus run { id status } } }";
const completed = (events: unknown[]) => events.at(-1);
const lastEvent = { runEvents: { runStatus: "COMPLETED", run: { id: expect.any(String), status: "COMPLETED" } } };

/** `fetch` that remembers what was sent. */
function spied() {
  const sent: { method: string; accept: string | null; hasQuery: boolean }[] = [];
  const spy: typeof fetch = (input, init) => {
    const method = init?.method ?? "GET";
    const text = method === "GET" ? decodeURIComponent(String(input)) : String(init?.body);
    sent.push({ method, accept: new Headers(init?.headers).get("accept"), hasQuery: /[?&]query=|"query"/.test(text) });
    return fetch(input, init);
  };
  return { sent, fetch: spy };
}

describe("Apollo Client", () => {
  const client = (link: ApolloLink) => new ApolloClient({ link, cache: new InMemoryCache() });

  it("queries by POST, and knows one object in two places by its id: a mutation's answer is seen by both", async () => {
    const apollo = client(new HttpLink({ uri: platform.url, headers }));
    const query = parse(appText);
    const { data } = await apollo.query({ query, variables: { id: appId } });
    expect(data).toMatchObject({ app: { id: appId, name: "Test app", workflows: { nodes: [{ app: { id: appId } }] } } });
    await apollo.mutate({ mutation: parse(renameText), variables: { id: appId, name: "By Apollo" } });
    expect(apollo.readQuery({ query, variables: { id: appId } })).toMatchObject({ app: { name: "By Apollo" } });
    expect(Object.keys(apollo.cache.extract() as object)).toEqual(expect.arrayContaining([`App:${appId}`]));
    apollo.stop();
  });

  it("queries by GET", async () => {
    const { sent, fetch } = spied();
    const apollo = client(new HttpLink({ uri: platform.url, headers, useGETForQueries: true, fetch }));
    const { data } = await apollo.query({ query: parse(appText), variables: { id: appId } });
    expect(data).toMatchObject({ app: { id: appId } });
    expect(sent).toMatchObject([{ method: "GET" }]);
    apollo.stop();
  });

  it("sends a query whole where persisted ones are not supported, and goes on so", async () => {
    const { sent, fetch } = spied();
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const link = new PersistedQueryLink({ sha256 }).concat(new HttpLink({ uri: platform.url, headers, fetch }));
    const apollo = client(link);
    for (const name of ["first", "second"]) {
      const query = parse(`query Q { ${name}: app(id: "${appId}") { id } }`);
      const { data } = await apollo.query({ query, fetchPolicy: "no-cache" });
      expect(data).toMatchObject({ [name]: { id: appId } });
    }
    expect(sent.map(({ hasQuery }) => hasQuery)).toEqual([false, true, true]);
    apollo.stop();
  });

  it("subscribes by its multipart protocol, over the same link as it queries", async () => {
    const { sent, fetch } = spied();
    const apollo = client(new HttpLink({ uri: platform.url, headers, fetch }));
    const events = await lastValueFrom(apollo.subscribe({ query: parse(eventsText), variables: { runId } }).pipe(toArray()));
    expect(completed(events)).toMatchObject({ data: lastEvent });
    expect(sent[0]?.accept).toContain("multipart/mixed");
    const refused = await lastValueFrom(apollo.subscribe({ query: parse(eventsText), variables: { runId: "nobody" } }).pipe(toArray()));
    expect(refused).toMatchObject([{ error: { errors: [{ extensions: { reason: "RUN_NOT_FOUND" } }] } }]);
    apollo.stop();
  });

  it("subscribes over a WebSocket", async () => {
    const socket = wsClient();
    const apollo = client(new GraphQLWsLink(socket));
    const events = await lastValueFrom(apollo.subscribe({ query: parse(eventsText), variables: { runId } }).pipe(toArray()));
    expect(completed(events)).toMatchObject({ data: lastEvent });
    apollo.stop();
    await socket.dispose();
  });
});

describe("urql", () => {
  it.each([false, true])("queries and mutates; by GET where it prefers that: %s", async (preferGetMethod) => {
    const { sent, fetch } = spied();
    const urql = new UrqlClient({
      url: platform.url,
      exchanges: [cacheExchange, fetchExchange],
      fetchOptions: { headers },
      preferGetMethod,
      fetch,
    });
    const { data, error } = await urql.query(appText, { id: appId }).toPromise();
    expect([error, data]).toMatchObject([undefined, { app: { id: appId } }]);
    const renamed = await urql.mutation(renameText, { id: appId, name: "By urql" }).toPromise();
    expect([renamed.error, renamed.data]).toMatchObject([undefined, { updateApp: { name: "By urql" } }]);
    // Its cache of documents: what a mutation has answered is asked for again.
    expect((await urql.query(appText, { id: appId }).toPromise()).data).toMatchObject({ app: { name: "By urql" } });
    expect(sent.map(({ method }) => method)).toEqual(preferGetMethod ? ["GET", "POST", "GET"] : ["POST", "POST", "POST"]);
  });

  it("sends whole what it has asked for by hash, a query, a mutation and a subscription, and goes on so", async () => {
    const { sent, fetch } = spied();
    const urql = new UrqlClient({
      url: platform.url,
      exchanges: [persistedExchange({ enableForMutation: true, enableForSubscriptions: true }), fetchExchange],
      fetchOptions: { headers },
      fetchSubscriptions: true,
      preferGetMethod: false,
      fetch,
    });
    const { data, error } = await urql.query(appText, { id: appId }).toPromise();
    expect([error, data]).toMatchObject([undefined, { app: { id: appId } }]);
    const renamed = await urql.mutation(renameText, { id: appId, name: "By hash" }).toPromise();
    expect([renamed.error, renamed.data]).toMatchObject([undefined, { updateApp: { name: "By hash" } }]);
    expect(sent.map(({ hasQuery }) => hasQuery)).toEqual([false, true, true]);
    // One that begins with a subscription: it takes streams for an answer, and nothing else.
    const second = spied();
    const subscribing = new UrqlClient({
      url: platform.url,
      exchanges: [persistedExchange({ enableForSubscriptions: true }), fetchExchange],
      fetchOptions: { headers },
      fetchSubscriptions: true,
      preferGetMethod: false,
      fetch: second.fetch,
    });
    expect(await untilCompleted(subscribing)).toMatchObject(lastEvent);
    expect(second.sent.map(({ hasQuery }) => hasQuery)).toEqual([false, true]);
  });

  it("subscribes by fetch", async () => {
    const { sent, fetch } = spied();
    const urql = new UrqlClient({
      url: platform.url,
      exchanges: [fetchExchange],
      fetchOptions: { headers },
      fetchSubscriptions: true,
      preferGetMethod: false,
      fetch,
    });
    expect(await untilCompleted(urql)).toMatchObject(lastEvent);
    expect(sent[0]?.accept).toContain("text/event-stream");
  });

  it("subscribes over a WebSocket", async () => {
    const socket = wsClient();
    const forward = subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? "", variables: variables as never }, sink as never) }),
      }),
    });
    const urql = new UrqlClient({ url: platform.url, exchanges: [fetchExchange, forward], preferGetMethod: false });
    expect(await untilCompleted(urql)).toMatchObject(lastEvent);
    await socket.dispose();
  });

  function untilCompleted(urql: UrqlClient): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { unsubscribe } = urql
        .subscription<{ runEvents: { runStatus: string } }>(eventsText, { runId })
        .subscribe(({ data, error }) => {
          if (error) reject(error);
          if (data?.runEvents.runStatus !== "COMPLETED") return;
          queueMicrotask(() => unsubscribe());
          resolve(data);
        });
    });
  }
});

describe("graphql-request", () => {
  it.each(["POST", "GET"] as const)("queries by %s, and throws what is refused with its reason", async (method) => {
    const client = new GraphQLClient(platform.url, { headers, method });
    expect(await client.request(appText, { id: appId })).toMatchObject({ app: { id: appId } });
    await expect(client.request("{ nope }")).rejects.toMatchObject({
      response: { status: 400, errors: [{ extensions: { reason: "GRAPHQL_VALIDATION_FAILED" } }] },
    });
  });

  it("mutates by POST", async () => {
    const client = new GraphQLClient(platform.url, { headers });
    expect(await client.request(renameText, { id: appId, name: "By request" })).toMatchObject({ updateApp: { name: "By request" } });
  });
});

describe("graphql-sse", () => {
  it("subscribes, queries and mutates over connections of their own", async () => {
    const client = createSseClient({ url: platform.url, headers, retryAttempts: 0 });
    const events = await Array.fromAsync(client.iterate({ query: eventsText, variables: { runId } }));
    expect(completed(events)).toMatchObject({ data: lastEvent });
    expect(await Array.fromAsync(client.iterate({ query: appText, variables: { id: appId } }))).toMatchObject([
      { data: { app: { id: appId } } },
    ]);
    const renamed = await Array.fromAsync(client.iterate({ query: renameText, variables: { id: appId, name: "By SSE" } }));
    expect(renamed).toMatchObject([{ data: { updateApp: { name: "By SSE" } } }]);
    client.dispose();
  });
});

describe("graphql-ws", () => {
  it("subscribes, queries and mutates over one socket", async () => {
    const client = wsClient();
    const all = (query: string, variables: Record<string, unknown>) => Array.fromAsync(client.iterate({ query, variables }));
    expect(completed(await all(eventsText, { runId }))).toMatchObject({ data: lastEvent });
    expect(await all(appText, { id: appId })).toMatchObject([{ data: { app: { id: appId } } }]);
    expect(await all(renameText, { id: appId, name: "By socket" })).toMatchObject([{ data: { updateApp: { name: "By socket" } } }]);
    await client.dispose();
  });
});
