import { once } from "node:events";
import { request as httpRequest, type ClientRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { formToken, linkToken, readLinkToken, type LinkClaims } from "../../subgraphs/runtime/graph/waiting/link-token.ts";
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

  it("says why nobody waits any more", async () => {
    const { runId, node } = await started(refund);
    const url = at(node.waiting.link);
    const form_token = tokenIn(await (await fetch(url)).text());
    await platform.post("mutation ($id: ID!) { cancelRun(id: $id) { id } }", { id: runId });
    await finishRun(platform, runId);
    const said = /<h1>No answer is needed any more<\/h1>\n<p class="text">The run that asked this was cancelled at [-0-9: ]+ UTC\.<\/p>/;
    const later = [await fetch(url), await send(url, { form_token, action: "yes", "field.amount": "20" })];
    expect(later.map(({ status }) => status)).toEqual([200, 409]);
    for (const page of later) expect(await page.text()).toMatch(said);
  });

  it("shows all that a form speaks of, and rounds no number", async () => {
    const odd = {
      type: "object",
      $defs: { colour: { enum: ["red", null] } },
      properties: { "straße 1": { type: "integer", description: "Which?", maximum: 9 }, colour: { $ref: "#/$defs/colour" } },
      required: ["straße 1", "elsewhere"],
      additionalProperties: { type: "array" },
    };
    const { runId, node } = await started({
      nodes: [{ id: "ask", type: "human-input", config: { form: odd } }] as Dsl["nodes"],
      edges: [],
    });
    const url = at(node.waiting.link);
    const html = await (await fetch(url)).text();
    expect(html).toContain('<label for="field.elsewhere">elsewhere (needed)</label>');
    expect(html).toContain(
      '<select id="field.colour" name="field.colour"><option value=""></option><option value="0">red</option><option value="1">null</option></select>',
    );
    // Lists of ids are written with white space between them.
    expect(html).toContain('id="field.straße%201" name="field.straße 1" aria-describedby="field.straße%201-hint"');
    const good = { form_token: tokenIn(html), "field.straße 1": "7", "field.elsewhere": "[1]", "field.colour": "1" };
    const wrong: [string, string, string][] = [
      ["field.straße 1", "9007199254740993", "It would be read as 9007199254740992. Give fewer digits."],
      ["field.straße 1", "0x10", "Give a number."],
      ["field.straße 1", "70", "70 is greater than 9."],
      ["field.colour", " ", "Choose one of the list."],
      ["field.elsewhere", "[1", "Give JSON, such as [1, 2]."],
    ];
    for (const [field, value, problem] of wrong) {
      const refused = await send(url, { ...good, [field]: value });
      expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining(`-problem">${problem}</p>`)]);
    }
    const taken = await send(url, { ...good, "field.straße 1": " 7 " });
    expect(taken.status).toBe(200);
    expect((await finishRun(platform, runId)).outputJson).toEqual({ "straße 1": 7, elsewhere: [1], colour: null });
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

/** Begins a POST, and sends all of its body but the end. @returns when the platform has asked for the body. */
async function slowPost(url: string): Promise<ClientRequest> {
  const request = httpRequest(url, { method: "POST", headers: { expect: "100-continue", "content-length": "10" } });
  request.on("error", () => {});
  request.flushHeaders();
  await once(request, "continue");
  request.write("{");
  return request;
}

describe("a link that has expired", () => {
  it("answers nothing, nor does a form that was open for more than a day, or a link to another wait of the node", async () => {
    const { node } = await started(refund);
    const secrets = createSecretBox(platform.env.encryptionKey!);
    const token = node.waiting.link!.slice("/answer/".length);
    const claims = readLinkToken(secrets, token)!;
    const urlOf = (more: Partial<LinkClaims>) => at(`/answer/${linkToken(secrets, { ...claims, ...more })}`);
    const nowSeconds = Date.now() / 1_000;
    const fields = (of: string, madeSeconds = nowSeconds) => ({
      ...{ form_token: formToken(secrets, of.slice(of.lastIndexOf("/") + 1), madeSeconds), action: "yes" },
      "field.amount": "20",
    });
    const late = urlOf({ expires: Math.floor(nowSeconds) - 1 });
    expect([(await fetch(late)).status, (await send(late, fields(late))).status]).toEqual([410, 410]);
    const stale = await send(at(`/answer/${token}`), fields(token, nowSeconds - 86_460));
    expect([stale.status, await stale.text()]).toEqual([403, expect.stringContaining("was open for more than a day")]);
    for (const other of [urlOf({ attempt: claims.attempt + 1 }), urlOf({ reason: "APPROVAL" })])
      expect((await send(other, fields(other))).status).toBe(409);
    expect(await answeredBy(node.id)).toMatchObject({ status: "WAITING" });
    // What the router asks for it is nobody else's to ask.
    const visit = `mutation ($input: LinkVisitInput!) { visitLink(input: $input) { status } }`;
    const asked = await platform.post(visit, { input: { kind: "answer", token } });
    expect(asked.errors?.[0]?.extensions).toMatchObject({ reason: "GRAPHQL_VALIDATION_FAILED" });
    expect((await send(at(`/answer/${token}`), fields(token))).status).toBe(200);
  });
});

describe("the address of a callback", () => {
  it("takes the route received, and without a call timeout when its wait_seconds are over", async () => {
    const routes = (wait_seconds: number): Dsl => ({
      nodes: [{ id: "wait", type: "callback", config: { wait_seconds } }, says("got", "got"), says("late", "late")] as Dsl["nodes"],
      edges: [
        { source: "wait", target: "got", condition: "received" },
        { source: "wait", target: "late", condition: "timeout" },
      ],
    });
    const { runId, node } = await started(routes(3_600));
    await fetch(at(node.waiting.callbackUrl), { method: "POST" });
    expect(await finishRun(platform, runId)).toMatchObject({ status: "COMPLETED", outputText: "got" });
    const { workflowId } = await makeWorkflow(platform, routes(0.1));
    expect(await finishRun(platform, await startRun(platform, workflowId))).toMatchObject({ status: "COMPLETED", outputText: "late" });
  });

  it("ends its wait by nothing that was cut or changed on its way", async () => {
    const { runId, node } = await started(call);
    const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
      fetch(at(node.waiting.callbackUrl), { method: "POST", body, headers });
    const manyKeys = Array.from({ length: 60_000 }, (_, index) => [`k${index}`, 1]);
    const refused: [string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string][] = [
      ['{"state":"rea', { "content-type": "application/json" }, 422, "CALLBACK_BODY_NOT_JSON"],
      ["{", { "content-type": "application/cloudevents+json; charset=utf-8" }, 422, "CALLBACK_BODY_NOT_JSON"],
      [JSON.stringify(Object.fromEntries(manyKeys)), { "content-type": "application/json" }, 422, "CALLBACK_BODY_HAS_TOO_MUCH"],
      [new Uint8Array(gzipSync("{}")), { "content-type": "application/json", "content-encoding": "gzip" }, 415, "BODY_ENCODED"],
      [new Uint8Array([1, 255, 254, 3]), { "content-type": "application/octet-stream" }, 400, "CALLBACK_NOT_TEXT"],
      [new Uint8Array([0x61, 0]), { "content-type": "text/plain" }, 400, "CALLBACK_NOT_TEXT"],
    ];
    for (const [body, headers, status, reason] of refused) {
      const answer = await post(body, headers);
      expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(reason)]);
    }
    expect(await answeredBy(node.id)).toMatchObject({ status: "WAITING" });
    expect((await post('\ufeff{"state":"ready"}', { "content-type": "application/json" })).status).toBe(200);
    expect(await finishRun(platform, runId)).toMatchObject({ outputText: "ready" });
  });

  it("keeps nobody waiting while its callers send slowly", async () => {
    const { node } = await started(call);
    const other = await started(refund);
    const slow = await Promise.all(Array.from({ length: 10 }, () => slowPost(at(node.waiting.callbackUrl))));
    try {
      expect((await fetch(at(other.node.waiting.link))).status).toBe(200);
    } finally {
      for (const request of slow) request.destroy();
    }
  });

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
