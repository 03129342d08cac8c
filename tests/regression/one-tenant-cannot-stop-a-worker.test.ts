/** What one tenant's nodes make and read is evaluated beside the worker's main loop, or bounded before anything is made of it. */
import { openSandbox } from "../../subgraphs/runtime/sandbox/open-sandbox.ts";
import type { ProgramLanguage } from "../../subgraphs/runtime/sandbox/sandbox.ts";
import { knowledgeRetrievalNode } from "../../subgraphs/runtime/nodes/retrieval/knowledge-retrieval.node.ts";
import { setup } from "../runtime/graph/setup.ts";
import { eventually } from "../testkit/eventually.ts";
import { startHttpServer } from "../testkit/http-server.ts";
import { longestTurn, longestTurnAtBest } from "../testkit/longest-turn.ts";
import { fakeNodeContext, loopbackFetch } from "../testkit/node-context.ts";
import { longestTurnMs } from "../testkit/unharmed.ts";

// Evaluated here it would be seconds.
const allowedMs = longestTurnMs;

describe("a run of one tenant in a worker", () => {
  it("fails by its expression that doubles a text; the worker goes on with the runs of others", async () => {
    const t = await setup();
    const doubling = `size(['aaaaaaaa']${".map(x, x+x)".repeat(24)}[0]) > 1`;
    const create = (nodes: { id: string; type: string; config: object }[], input = {}) =>
      t.create({ nodes, edges: [] }, { execution: "WORKERS", ...input });
    const evil = await create([{ id: "n", type: "if-else", config: { expression: doubling } }]);
    const other = await create([{ id: "n", type: "answer", config: { answer: "Hello {{ input.name }}" } }], { input: { name: "Ada" } });
    const statusOf = async (id: string) =>
      (await t.ask<{ run: { status: string; errorCode: string | null } }>("query($id: ID!) { run(id: $id) { status errorCode } }", { id }))
        .run;
    const { longestMs } = await longestTurn(async () => {
      t.startWorker();
      const isDone = ({ status }: { status: string }) => ["COMPLETED", "FAILED"].includes(status);
      expect(await eventually(() => statusOf(other), isDone)).toMatchObject({ status: "COMPLETED" });
      expect(await eventually(() => statusOf(evil), isDone)).toMatchObject({ status: "FAILED", errorCode: "EXPRESSION_TOO_LARGE" });
    });
    expect(longestMs).toBeLessThan(allowedMs);
  });
});

describe("a retriever of one tenant", () => {
  it.each([
    ["words that come again", (index: number, word: number) => `w${(index * 7_919 + word * 104_729) % 50_000}`],
    ["words that all differ", (index: number, word: number) => `d${index}x${word}`],
  ])("finds among 9,000 documents of 6 MB, of %s, beside the main loop", async (_, wordOf) => {
    const server = await startHttpServer();
    const text = (index: number) => Array.from({ length: 95 }, (_item, word) => wordOf(index, word)).join(" ");
    const documents = Array.from({ length: 9_000 }, (_item, index) => ({
      id: `d${index}`,
      text: `${text(index)} ${index === 4_711 ? "needle" : ""}`,
    }));
    const body = JSON.stringify(documents);
    server.on("GET /docs", { body });
    try {
      const config = { query: "needle", source_url: `${server.url}/docs` };
      const context = fakeNodeContext({ config, ports: { fetch: loopbackFetch([server.hostPort]) } });
      const { outcome, longestMs } = await longestTurnAtBest(async () => knowledgeRetrievalNode.run(context));
      expect(outcome).toMatchObject({ kind: "completed", outputJson: { retrieved_documents: [{ id: "d4711" }] } });
      expect(longestMs).toBeLessThan(allowedMs);
    } finally {
      await server.close();
    }
  });
});

describe("a program of one tenant", () => {
  const limits = { memoryBytes: 1 << 30, stdoutBytes: 1 << 20, resultBytes: 50 << 20 };
  const sandbox = openSandbox({ pythonBin: "python3", maxTimeoutMs: 60_000, limits });
  afterAll(() => sandbox.close());
  const run = async (language: ProgramLanguage, code: string) => {
    await sandbox.unavailableReason(language);
    const request = { tenantId: "acme", language, code, payload: null, timeoutMs: 60_000, signal: new AbortController().signal };
    return longestTurnAtBest(() => sandbox.run(request));
  };

  // Landlock and seccomp are Linux's.
  const here: ProgramLanguage[] = process.platform === "linux" ? ["python", "javascript"] : ["javascript"];
  const each = here.flatMap((language) => ["numbers", "lists", "keys"].map((what) => [language, what] as const));
  const tooMuch = {
    python: {
      numbers: "result = [0] * 3_000_000",
      lists: "result = [[[]] * 1000] * 2000",
      keys: "result = {str(n): n for n in range(1_200_000)}",
    },
    javascript: {
      numbers: "result = new Array(3e6).fill(0)",
      lists: "result = new Array(2000).fill(new Array(1000).fill([]))",
      keys: "result = {}; for (let n = 0; n < 1.2e6; n++) result[n] = n",
    },
  };

  it.each(each)("in %s that gives too many %s is stopped before anything is made of them", async (language, what) => {
    const { outcome, longestMs } = await run(language, tooMuch[language][what as "numbers"]);
    // Of keys both are too many, and one is found out first.
    const told = what === "keys" ? /50000 keys|1000000 values/ : /1000000 values/;
    expect(outcome).toMatchObject({ kind: "failed", code: "CODE_OUTPUT_TOO_LARGE", message: expect.stringMatching(told) });
    expect(longestMs).toBeLessThan(allowedMs);
  });

  const much = {
    python: ["result = ',[{' * 2_000_000", "result = list(range(900_000))"],
    javascript: ["result = ',[{'.repeat(2e6)", "result = Array.from({ length: 9e5 }, (_, n) => n)"],
  };

  it.each(here)("in %s may give a text of many commas, and as many values as are allowed", async (language) => {
    for (const code of much[language]) expect((await run(language, code)).outcome).toMatchObject({ kind: "completed" });
  });
});
