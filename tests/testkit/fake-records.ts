import type { RequestInfo } from "#shared/request-info.ts";
import { fakeEndpoint } from "./fake-endpoint.ts";
import type { TestSubgraph } from "./subgraph.ts";

/** A record. */
export interface FakeRecord {
  deletedAt: string | null;
  /** ACTIVE unless given. */
  status?: string;
  /** The status of what it is of, such as a binding's tool: ACTIVE unless given. */
  toolStatus?: string;
}

/** Records of one type that another subgraph refers to by id. */
export interface FakeRecords {
  /** By tenant: ids, and when each was deleted. */
  of: Record<string, Record<string, FakeRecord>>;
  /** Who asked, a request each, and with which variables. */
  requests: { info: RequestInfo; variables: Record<string, unknown> | undefined }[];
  /** Called before each answer. */
  onRequest?: () => void;
  /** Thrown instead of an answer. */
  failWith: Error | undefined;
}

/** Plays the subgraph that has the type. @param ids what tenant `t1` has of it. */
export function registerFakeRecords(t: TestSubgraph, subgraph: string, type: string, ids: readonly string[]): FakeRecords {
  const there = Object.fromEntries(ids.map((id) => [id, { deletedAt: null }]));
  const records: FakeRecords = { of: { t1: there }, requests: [], failWith: undefined };
  const types = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    type Query { none: ID }
    type ${type} @key(fields: "id") { id: ID! deletedAt: String status: String! tool: ToolOf! }
    type ToolOf { id: ID! status: String! }`;
  const find = ({ id }: { id: string }, info: RequestInfo) => {
    const row = records.of[info.tenantId]?.[id];
    return row ? { id, status: "ACTIVE", ...row, tool: { id: `tool of ${id}`, status: row.toolStatus ?? "ACTIVE" } } : null;
  };
  const endpoint = fakeEndpoint(subgraph, types, {}, { [type]: find });
  t.registry.register({
    ...endpoint,
    async execute(request) {
      records.requests.push({ info: request.info, variables: request.variables });
      records.onRequest?.();
      if (records.failWith) throw records.failWith;
      return endpoint.execute(request);
    },
  });
  return records;
}
