/** Every root field and every entity of every subgraph, asked over a socket: with the platform's token, and with whatever else somebody may send. */
import { getNamedType, isCompositeType, isLeafType, isRequiredArgument, type GraphQLField, type GraphQLObjectType } from "graphql";
import { createClient, type Client } from "graphql-ws";
import { pino } from "pino";
import WebSocket from "ws";
import { databaseNowMs } from "#shared/database-time.ts";
import { parseEndpointAddress } from "#shared/endpoint/endpoint-address.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import type { RunningSubgraph } from "#shared/graphql/subgraph.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { serveEndpoints, type RunningServer } from "#shared/serve/server.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { operationText, signToken, type SignedOperation } from "#shared/trust/token.ts";
import { testKeys } from "../testkit/internal-keys.ts";
import { makeOneOfEach, type OneOfEach } from "../testkit/one-of-each.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { openSubgraphs, referencedTypes } from "../testkit/references.ts";

/** The callers: two tenants with three keys each. */
const callers: RequestInfo[] = ["t1", "t2"].flatMap((tenantId) =>
  Object.entries({ reader: ["run:read"], runner: ["run:read", "run:write"], admin: ["platform:admin"] }).map(([name, scopes]) => ({
    tenantId,
    requestId: `${tenantId}-${name}`,
    subject: name,
    apiKeyId: `key-${name}`,
    scopes,
  })),
);

let platform: TestPlatform;
let subgraphs: RunningSubgraph[];
let server: RunningServer;
let one: OneOfEach;
/** What has reached a subgraph. */
const reached: { name: string; info: RequestInfo }[] = [];

beforeAll(async () => {
  platform = await startTestPlatform();
  one = await makeOneOfEach(platform, "t1");
  subgraphs = await openSubgraphs(platform);
  server = await serveEndpoints({ endpoints: subgraphs.map(watched), listen: { port: 0 }, log: pino({ level: "silent" }), keys: testKeys });
}, 300_000);
afterAll(async () => {
  await server.stop(100);
  for (const subgraph of subgraphs) await subgraph.close();
  await platform.stop();
});

/** Root fields reach it and are not executed; entities are. */
function watched(subgraph: RunningSubgraph): SubgraphEndpoint {
  const { name, sdl } = subgraph;
  const note = (info: RequestInfo) => void reached.push({ name, info });
  return {
    name,
    sdl,
    execute(request) {
      note(request.info);
      return request.query.includes("_entities") ? subgraph.execute(request) : Promise.resolve({ data: null });
    },
    subscribe(request) {
      note(request.info);
      return Promise.resolve({ data: null });
    },
    health: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

const sign = (audience: string, text: string, info = callers[0]!, keys = testKeys) => signToken({ audience, info, text }, keys.all[0]!);

/** A minute ago, as its maker saw it. */
function expired(audience: string, text: string): string {
  return signToken({ audience, info: callers[0]!, text }, testKeys.all[0]!, databaseNowMs() - 61_000);
}

/** A token of another operation's, of which the audience and all else are right. */
const other = (operation: SignedOperation) => operationText({ ...operation, variables: { ...operation.variables, other: 1 } });

/** A token that was taken on its way, and says something else now. */
function altered(token: string, from: string, to: string): string {
  const [head, facts, ...signature] = token.split(".");
  const text = Buffer.from(facts!, "base64url").toString();
  if (!text.includes(from)) throw new Error(`the token does not say ${from}: ${text}`);
  return [head, Buffer.from(text.replace(from, to)).toString("base64url"), ...signature].join(".");
}

/** What somebody may send instead of a token, and how it is refused. */
const refused: [reason: string, token: (audience: string, operation: SignedOperation) => string | undefined][] = [
  ["TOKEN_MISSING", () => undefined],
  ["TOKEN_EXPIRED", (audience, of) => expired(audience, operationText(of))],
  ["TOKEN_AUDIENCE_WRONG", (_, of) => sign("other", operationText(of))],
  ["TOKEN_FORGED", (audience, of) => sign(audience, operationText(of), callers[5], new InternalKeys(["0d".repeat(32)]))],
  ["TOKEN_FORGED", (audience, of) => altered(sign(audience, operationText(of)), '"t1"', '"t2"')],
  ["TOKEN_FORGED", (audience, of) => altered(sign(audience, operationText(of)), '"run:read"', '"platform:admin"')],
  ["TOKEN_FORGED", (audience, of) => sign(audience, operationText(of)).slice(0, -2)],
  ["TOKEN_BODY_DIFFERS", (audience) => sign(audience, operationText({ query: "{ __typename }" }))],
  ["TOKEN_BODY_DIFFERS", (audience, of) => sign(audience, other(of))],
];

async function post(name: string, operation: SignedOperation, token: string | undefined): Promise<{ status: number; body: never }> {
  const answer = await fetch(server.urlOf(name), {
    method: "POST",
    // Whoever believes a header instead of the token would be taken in by this one.
    headers: { "content-type": "application/json", "x-tenant-id": "t1", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: operationText(operation),
  });
  return { status: answer.status, body: (await answer.json()) as never };
}

function operationOf(kind: string, field: GraphQLField<unknown, unknown>): SignedOperation {
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(", ");
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(", ");
  const selection = isCompositeType(getNamedType(field.type)) ? "{ __typename }" : "";
  return { query: `${kind} Ask${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`} ${selection} }` };
}

function rootFields(type: GraphQLObjectType | null | undefined): GraphQLField<unknown, unknown>[] {
  // Entities have a test of their own.
  return Object.values(type?.getFields() ?? {}).filter(({ name }) => name !== "_entities");
}

/** The operations of all, with the subgraph that is asked. */
function operationsOf(kind: "query" | "mutation" | "subscription"): { name: string; operation: SignedOperation }[] {
  return subgraphs.flatMap(({ name, schema }) => {
    const type = { query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() }[kind];
    return rootFields(type).map((field) => ({ name, operation: operationOf(kind, field) }));
  });
}

function subscribe(client: Client, operation: SignedOperation, token: string | undefined): Promise<unknown> {
  return new Promise((resolve) => {
    client.subscribe(
      { query: operation.query, extensions: { token } },
      { next: resolve, error: (cause) => resolve((cause as unknown[])[0]), complete() {} },
    );
  });
}

describe("every subgraph, asked over a socket", () => {
  it("has something to ask for", () => {
    expect(subgraphs.map(({ name }) => name)).toHaveLength(10);
    expect(operationsOf("query").length).toBeGreaterThan(50);
    expect(operationsOf("mutation").length).toBeGreaterThan(40);
    expect(operationsOf("subscription").length).toBeGreaterThan(3);
  });

  it.each(["query", "mutation"] as const)("answers no %s without the platform's token for it, and executes nothing", async (kind) => {
    reached.length = 0;
    for (const { name, operation } of operationsOf(kind)) {
      for (const [reason, token] of refused) {
        const { status, body } = await post(name, operation, token(name, operation));
        const extensions = { code: "UNAUTHENTICATED", reason, audience: name };
        expect({ ...operation, status, body }).toMatchObject({ status: 401, body: { errors: [{ extensions }] } });
      }
    }
    expect(reached).toEqual([]);
  });

  it("begins no subscription without one either, over a socket that serves others", async () => {
    for (const subgraph of subgraphs) {
      const client = createClient({ url: parseEndpointAddress(server.urlOf(subgraph.name)).webSocketUrl, webSocketImpl: WebSocket });
      for (const { name, operation } of operationsOf("subscription").filter((of) => of.name === subgraph.name)) {
        reached.length = 0;
        for (const [reason, token] of refused) {
          const answer = await subscribe(client, operation, token(name, operation));
          expect(answer).toMatchObject({ extensions: { code: "UNAUTHENTICATED", reason } });
        }
        expect(reached).toEqual([]);
        for (const caller of callers) await subscribe(client, operation, sign(name, operationText(operation), caller));
        expect(reached.map(({ info }) => info)).toMatchObject(callers);
      }
      await client.dispose();
    }
  });

  it.each(["query", "mutation"] as const)("knows of a %s who asks, for which tenant and with which scopes, by the token", async (kind) => {
    for (const { name, operation } of operationsOf(kind)) {
      reached.length = 0;
      for (const caller of callers) {
        const { status } = await post(name, operation, sign(name, operationText(operation), caller));
        expect([operation.query, status]).toEqual([operation.query, 200]);
      }
      expect(reached).toMatchObject(callers.map((info) => ({ name, info })));
    }
  });

  it("gives entities to nobody else, and of each only to its tenant", async () => {
    const found = new Set<string>();
    for (const subgraph of subgraphs) {
      for (const type of referencedTypes(subgraph)) {
        const { name } = subgraph;
        const theirs = entityOperation(type, one[type.name[0]!.toLowerCase() + type.name.slice(1)] ?? "none");
        reached.length = 0;
        for (const [reason, token] of refused) {
          const refusal = await post(name, theirs, token(name, theirs));
          expect(refusal).toMatchObject({ status: 401, body: { errors: [{ extensions: { reason } }] } });
        }
        expect(reached).toEqual([]);
        for (const caller of callers) {
          const given = (await post(name, theirs, sign(name, operationText(theirs), caller))).body;
          const none = entityOperation(type, "none");
          const unknown = (await post(name, none, sign(name, operationText(none), caller))).body;
          // To the other tenant it is like any id that there is not.
          if (caller.tenantId === "t2") expect([type.name, given]).toEqual([type.name, unknown]);
          else if (JSON.stringify(given) !== JSON.stringify(unknown)) found.add(type.name);
        }
      }
    }
    // Else it would be nothing that the other tenant does not see.
    expect(found.size).toBeGreaterThan(15);
  });
});

/** Asks for one entity and what it has beside its key, which a stub repeats. */
function entityOperation(type: GraphQLObjectType, id: string): SignedOperation {
  const leaves = Object.values(type.getFields()).filter(
    (field) => isLeafType(getNamedType(field.type)) && !field.args.some(isRequiredArgument),
  );
  const names = leaves.map((field) => field.name).filter((name) => name !== "id");
  return {
    query: `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${type.name} { __typename ${names.join(" ")} } } }`,
    variables: { of: [{ __typename: type.name, id }] },
  };
}
