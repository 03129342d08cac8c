import { AppError } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import { readQuery } from "#shared/search-query.ts";
import { agentMemoryNode } from "../../../subgraphs/runtime/nodes/agent/agent-memory.node.ts";
import type { MemoryPort, SessionMessage } from "../../../subgraphs/runtime/nodes/ports/memory.port.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

const config: JsonObject = {
  agent: {
    ...{ v: 1, id: "a", version_id: "v", role: "r", model: {}, tools: [], history: true },
    memory: { enabled: true, scope: "USER", read_top_k: 3, write_enabled: false, importance: 50 },
    limits: {
      ...{ max_steps: 8, model_attempts: 1, model_backoff_seconds: 1, history_characters: 1_000 },
      ...{ calls: 64, same_calls: 3, result_characters: 1_000 },
    },
  },
};
const refusal = new AppError("RESOURCE_EXHAUSTED", "EVALUATION_BUSY", "Busy.", { retryable: true });
const away = new AppError("DOWNSTREAM_UNAVAILABLE", "SUBGRAPH_UNREACHABLE", "Away.", { subgraph: "memory", platformFault: true });
const message: SessionMessage = { id: "m1", role: "USER", content: "before" };

/** Reads, with what the ports answer; `search` undefined: nobody may search. */
async function read(opening: JsonObject, ports: { search?: Error | string[]; messages?: Error | SessionMessage[] }) {
  const port: Partial<MemoryPort> = {
    search: ({ scopeId }) => {
      if (ports.search === undefined) throw new Error(`it searched in ${JSON.stringify(scopeId)}`);
      return ports.search instanceof Error ? Promise.reject(ports.search) : Promise.resolve(ports.search);
    },
    messages: () => (ports.messages instanceof Error ? Promise.reject(ports.messages) : Promise.resolve(ports.messages ?? [message])),
  };
  const scope = { item: { input: "hello", ...opening } };
  return agentMemoryNode.run(fakeNodeContext({ config, scope, ports: { memory: port as MemoryPort } }));
}

describe("what an agent reads before its first turn", () => {
  const messages = [{ role: "USER", content: "before" }];
  const session = { user_id: "u", session_id: "s" };

  it.each<[string, JsonObject, Parameters<typeof read>[1], object]>([
    ["both", session, { search: ["tea"] }, { outputJson: { memories: ["tea"], messages } }],
    [
      "messages, where memories are refused",
      session,
      { search: refusal },
      { outputJson: { memories: [], messages, memories_problem: "EVALUATION_BUSY" } },
    ],
    [
      "memories, where messages are refused",
      session,
      { search: ["tea"], messages: refusal },
      { outputJson: { memories: ["tea"], messages: [], messages_problem: "EVALUATION_BUSY" } },
    ],
    ["nothing, where memories alone are asked for", { user_id: "u" }, { search: refusal }, { kind: "failed", code: "EVALUATION_BUSY" }],
    ["nothing, where both are refused", session, { search: refusal, messages: refusal }, { kind: "failed", code: "EVALUATION_BUSY" }],
    ["both, later, where a part of the platform is away", session, { search: away }, { kind: "interrupted" }],
    ["nobody's memories, where the user's id is empty", { ...session, user_id: "" }, {}, { outputJson: { memories: [], messages } }],
    ["nobody's memories, where the user's id is blank", { ...session, user_id: " " }, {}, { outputJson: { memories: [], messages } }],
    ...["-", "---", '""', "|", " - “” "].map((input): [string, JsonObject, object, object] => [
      `messages alone, where the input has nothing to look for: ${input}`,
      { ...session, input },
      {},
      { outputJson: { memories: [], messages } },
    ]),
    ["nothing, where the input has nothing to look for", { user_id: "u", input: "-" }, {}, { outputJson: { memories: [], messages: [] } }],
  ])("is %s", async (_name, opening, ports, expected) => {
    expect(await read(opening, ports)).toMatchObject(expected);
  });

  const said = (id: string, length: number, role: SessionMessage["role"] = "USER"): SessionMessage => ({
    id,
    role,
    content: id.padEnd(length, "."),
  });
  const long = [said("a", 400), said("b", 400, "ASSISTANT"), said("c", 400), said("d", 200, "ASSISTANT")];

  it.each<[what: string, messages: SessionMessage[], opening: JsonObject, kept: string[]]>([
    ["the newest that fit its budget of 1,000 characters", long, {}, ["b", "c", "d"]],
    ["none behind the first that does not fit, be they shorter", [said("a", 1), said("b", 900), said("c", 200)], {}, ["c"]],
    ["none where the newest is longer than all of it", [said("a", 1), said("b", 1_001)], {}, []],
    ["all of exactly its budget", [said("a", 500), said("b", 500)], {}, ["a", "b"]],
    [
      "what was said before its own input, which counts for nothing",
      [...long, said("own", 999), said("later", 1)],
      { message_id: "own" },
      ["b", "c", "d"],
    ],
    [
      "nothing that came behind its own input, be that too far back to be among them",
      [said("m", 1), said("n", 1)],
      { message_id: "k" },
      [],
    ],
    ["what came before its own input, be that deleted", [said("m", 1), said("n", 1), said("p", 1)], { message_id: "o" }, ["m", "n"]],
    [
      "what has words, as there are providers that refuse an empty message",
      [said("a", 1), { id: "b", role: "ASSISTANT", content: " " }, { id: "c", role: "ASSISTANT", content: "" }],
      {},
      ["a"],
    ],
    [
      "what people and assistants said, and nothing else",
      [said("a", 500), said("s", 900, "SYSTEM"), said("t", 900, "TOOL"), said("b", 500)],
      {},
      ["a", "b"],
    ],
  ])("of its session is %s", async (_what, told, opening, kept) => {
    const fitting = kept.map((id) => ({ content: expect.stringMatching(`^${id}\\.*$`) as string }));
    expect(await read({ ...session, user_id: "", ...opening }, { messages: told })).toMatchObject({ outputJson: { messages: fitting } });
  });

  it("is looked for by what was said, of which nothing is an operator", async () => {
    const queries: string[] = [];
    const search: MemoryPort["search"] = ({ query }) => Promise.resolve((queries.push(query), []));
    const scope = { item: { ...session, input: 'He said "hello": is it -5 in Portland OR Salem?', session_id: undefined } } as never;
    await agentMemoryNode.run(fakeNodeContext({ config, scope, ports: { memory: { search } as MemoryPort } }));
    expect(queries.map(readQuery)).toMatchObject([{ required: [], excluded: [] }]);
  });
});
