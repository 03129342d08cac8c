import { chain, finishRun, makeWorkflow, startRun, type Dsl } from "../testkit/graph.ts";
import { eventually } from "../testkit/eventually.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
beforeAll(async () => (platform = await startTestPlatform()));
afterAll(() => platform.stop());

const says = (id: string, answer: string) => ({ id, type: "answer", config: { answer } });

const form = {
  type: "object",
  properties: {
    amount: { type: "number", title: "Amount", description: "In EUR", maximum: 100 },
    kind: { enum: ["goods", "<b>services</b>"], title: "Kind" },
    note: { type: "string", maxLength: 500 },
    urgent: { type: "boolean" },
    lines: { type: "array", items: { type: "integer" } },
  },
  required: ["amount"],
};
const refund: Dsl = {
  nodes: [
    {
      id: "ask",
      type: "human-input",
      config: { text: "<script>alert(1)</script> Refund?", form, actions: [{ id: "yes", label: "Do it" }, { id: "no" }] },
    },
    says("paid", "{{ nodes.ask.output | json }}"),
    says("kept", "kept"),
  ] as Dsl["nodes"],
  edges: [
    { source: "ask", target: "paid", condition: "yes" },
    { source: "ask", target: "kept", condition: "no" },
  ],
};
const call: Dsl = {
  nodes: [{ id: "wait", type: "callback", config: {} }, says("done", "{{ nodes.wait.output.state }}{{ nodes.wait.text }}")] as Dsl["nodes"],
  edges: chain("wait", "done"),
};

const linkOf = `query ($filter: WaitingNodeRunFilter, $seconds: Int, $name: String) { waitingNodeRuns(filter: $filter) { nodes {
  id waiting { link(expiresInSeconds: $seconds, name: $name) callbackUrl } } } }`;
interface Linked {
  id: string;
  waiting: { link: string | null; callbackUrl: string | null };
}

async function started(dsl: Dsl, variables: object = {}): Promise<{ runId: string; node: Linked }> {
  const { workflowId } = await makeWorkflow(platform, dsl);
  const runId = await startRun(platform, workflowId);
  const read = async () =>
    ((await platform.post(linkOf, { filter: { runId }, ...variables })).data as { waitingNodeRuns: { nodes: Linked[] } }).waitingNodeRuns
      .nodes;
  const [node] = await eventually(read, (nodes) => nodes.length > 0);
  return { runId, node: node! };
}

const at = (path: string | null) => new URL(path ?? "", platform.url).href;
const tokenIn = (html: string) => /name="form_token" value="([^"]+)"/.exec(html)?.[1] ?? "";
const send = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields), headers: { origin: new URL(platform.url).origin, ...headers } });
const answeredBy = async (id: string) =>
  ((await platform.post("query ($id: ID!) { nodeRun(id: $id) { status answeredBy answeredAt } }", { id })).data as { nodeRun: object })
    .nodeRun;

describe("the page of a link", () => {
  it("shows the form, and takes what fits of it once, from itself alone", async () => {
    const { runId, node } = await started(refund, { name: "ann@example.com" });
    const url = at(node.waiting.link);
    const shown = await fetch(url);
    const html = await shown.text();
    expect(shown.status).toBe(200);
    expect(shown.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(shown.headers.get("cache-control")).toBe("no-store");
    expect(shown.headers.get("referrer-policy")).toBe("same-origin");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt; Refund?");
    expect(html).toContain("&lt;b&gt;services&lt;/b&gt;");
    expect(html).not.toMatch(/<script|<b>/);
    expect(html).toContain('<label for="field.amount">Amount (needed)</label>');
    // Scanners of mail follow links: a look changes nothing.
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    expect(await answeredBy(node.id)).toMatchObject({ status: "WAITING", answeredBy: null });

    const form_token = tokenIn(html);
    const good = { form_token, action: "yes", "field.amount": "20", "field.kind": "1", "field.lines": "[1,2]", "field.urgent": "true" };
    const refused = await Promise.all([
      send(url, { ...good, form_token: "" }),
      send(url, good, { origin: "https://evil.example" }),
      send(url, good, { "sec-fetch-site": "cross-site" }),
      send(url, { ...good, "field.amount": "500", "field.lines": "[1" }),
      send(url, { ...good, action: "steal" }),
      send(url, { ...good, "field.amount": "500" }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 422, 422, 422]);
    const again = await refused[5].text();
    expect(again).toContain('role="alert"');
    expect(again).toContain('value="500"');
    expect(again).toContain('aria-describedby="field.amount-hint field.amount-problem"');
    expect(await answeredBy(node.id)).toMatchObject({ status: "WAITING" });

    const both = await Promise.all([send(url, good), send(url, { ...good, "field.amount": "21" })]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const run = await finishRun(platform, runId);
    expect(JSON.parse(run.outputText ?? "")).toMatchObject({ kind: "<b>services</b>", urgent: true, lines: [1, 2], action: "yes" });
    expect(await answeredBy(node.id)).toMatchObject({ answeredBy: "ann@example.com", answeredAt: expect.any(String) });
    const later = await fetch(url);
    expect([later.status, await later.text()]).toEqual([200, expect.stringContaining("answered by ann@example.com")]);
    const audits = await platform.post("{ requestAudits(first: 200) { nodes { rootFields statusCode operationType } } }");
    expect((audits.data as { requestAudits: { nodes: object[] } }).requestAudits.nodes).toContainEqual({
      rootFields: ["visitLink"],
      statusCode: 200,
      operationType: "MUTATION",
    });
  });

  it("is not there for a token that the platform did not make, or that has expired", async () => {
    const { node } = await started(refund, { seconds: 60 });
    const token = node.waiting.link!.slice("/answer/".length);
    const [words = "", mark = ""] = token.split(".");
    const other = Buffer.from(Buffer.from(words, "base64url").toString().replace('"t1"', '"t2"')).toString("base64url");
    const forged = [`${words}.${"A".repeat(mark.length)}`, `${other}.${mark}`, words, "x.y", "a".repeat(5_000)];
    for (const one of forged) expect((await fetch(at(`/answer/${one}`))).status).toBe(404);
    // A link to a page is no address for a machine.
    expect((await fetch(at(`/callback/${token}`), { method: "POST", body: "x" })).status).toBe(404);
    expect((await fetch(at(`/answer/${token}`), { method: "DELETE" })).status).toBe(405);
    expect((await send(at(`/answer/${token}`), { note: "x".repeat(300_000) })).status).toBe(413);
  });
});

describe("the address of a callback", () => {
  it("takes one call, whose body is the output", async () => {
    const { runId, node } = await started(call);
    expect(node.waiting.link).toBeNull();
    const url = at(node.waiting.callbackUrl);
    expect((await fetch(url)).status).toBe(405);
    const post = (body: string, type: string) => fetch(url, { method: "POST", body, headers: { "content-type": type } });
    const first = await post('{"state":"ready"}', "application/json");
    expect([first.status, await first.json()]).toEqual([200, { status: "received" }]);
    expect(await finishRun(platform, runId)).toMatchObject({ outputText: "ready" });
    expect((await post('{"state":"twice"}', "application/json")).status).toBe(409);
    expect(await answeredBy(node.id)).toMatchObject({ answeredBy: "callback" });
    const text = await started(call);
    expect(
      (await fetch(at(text.node.waiting.callbackUrl), { method: "POST", body: "plain", headers: { "content-type": "text/plain" } })).status,
    ).toBe(200);
    expect(await finishRun(platform, text.runId)).toMatchObject({ outputText: "plain" });
  });
});
