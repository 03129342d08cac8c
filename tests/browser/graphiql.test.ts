import type { Browser } from "playwright-core";
import { firstTab } from "../../router/graphiql/first-tab.ts";
import { ask, chain, makeWorkflow, startRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startKeyedPlatform } from "../testkit/keyed-platform.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { describeWithChromium, launchChromium } from "./chromium.ts";
import { openGraphiql } from "./graphiql-page.ts";

const executeRun = `mutation ($id: ID!, $steps: Int!) { executeRun(id: $id, input: { workerKey: "test", maxSteps: $steps }) { stopReason } }`;
const tenantHeader = (tenantId: string) => JSON.stringify({ "x-tenant-id": tenantId });

interface Apps {
  apps: { edges: { node: { code: string } }[] };
}

describeWithChromium("GraphiQL in a browser", () => {
  let platform: TestPlatform;
  let browser: Browser;
  let foreign: TestHttpServer;
  let provider: ScriptedProvider;
  beforeAll(async () => {
    provider = await startScriptedProvider();
    const env = { providerBaseUrl: provider.baseUrl, providerApiKey: "key" };
    [platform, browser, foreign] = await Promise.all([startTestPlatform({ env }), launchChromium(), startHttpServer()]);
  });
  afterAll(async () => {
    await browser?.close();
    await foreign?.close();
    await platform?.stop();
    await provider?.close();
  });
  const rootPage = () => new URL("/", platform.url).href;

  it("leads from an app to a run and its events by the operations of its first tab", async () => {
    const { page, type, execute, seeLine, seeEnd, problems } = await openGraphiql(browser, rootPage());
    await execute("Services");
    await seeLine('"name": "access"');
    let text = firstTab;
    const put = async (capitals: string, operation: string) => {
      const answer = page.waitForResponse(platform.url);
      await execute(operation);
      const { data } = (await (await answer).json()) as { data: Record<string, { id: string }> };
      text = text.replaceAll(`"${capitals}"`, `"${Object.values(data)[0]!.id}"`);
      await type("Operation Editor", text);
    };
    await put("APP", "CreateApp");
    await put("WORKFLOW", "CreateWorkflow");
    await execute("Publish");
    await seeLine('"version": 1');
    await put("RUN", "Run");
    await execute("Watch");
    await seeLine('"outputText": "Hi Ada!"');
    await seeEnd();
    expect(problems).toEqual([]);
  });

  it("speaks for the tenant of its headers, queries and subscriptions alike, and shows a run's events live", async () => {
    const nodes = ["first", "second"].map((id) => ({ id, type: "answer", config: { answer: id } }));
    const { workflowId } = await makeWorkflow(platform, { nodes, edges: chain("first", "second") });
    const { type, execute, seeLine, seeEnd, problems, origins } = await openGraphiql(browser, rootPage());
    await type("Headers", tenantHeader("nobody"));
    await type("Operation Editor", "query Apps { apps(last: 1) { edges { node { name } } } }");
    await execute();
    await seeLine('"edges": []');
    await type("Headers", tenantHeader("t1"));
    await execute();
    await seeLine('"name": "Test app"');

    const runId = await startRun(platform, workflowId, {}, { execution: "MANUAL" });
    await type(
      "Operation Editor",
      `subscription Live { runEvents(runId: "${runId}") { runStatus run { workflow { name app { name } } nodeRuns(first: 9) { edges { node { outputText } } } } } }`,
    );
    await execute();
    await seeLine('"runStatus": "QUEUED"');
    // The newest is above: what it tells of the run is seen without scrolling.
    for (const { id } of nodes) {
      await ask(platform, executeRun, { id: runId, steps: 1 });
      await seeLine(`"outputText": "${id}"`);
    }
    await seeLine('"runStatus": "COMPLETED"');
    await seeLine('"name": "Test app"');
    await seeEnd();

    const { host } = new URL(platform.url);
    expect([...origins].sort()).toEqual([`http://${host}`, `ws://${host}`]);
    expect(problems).toEqual([]);
  });

  it("shows a model's text in one piece while it comes, above the events", async () => {
    const [begin, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    provider.chat({ text: "One two.", before: begin.promise, between: goOn.promise });
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "ask", type: "llm", config: { prompt: "Hi" } }], edges: [] });
    const runId = await startRun(platform, workflowId);
    const { type, execute, seeLine, seeEnd, problems } = await openGraphiql(browser, rootPage());
    await type("Headers", tenantHeader("t1"));
    await type("Operation Editor", `subscription Live { runEvents(runId: "${runId}") { nodeId nodeStatus runStatus delta } }`);
    await execute();
    await seeLine('"nodeStatus": "RUNNING"');
    begin.resolve();
    await seeLine('"ask": "One');
    goOn.resolve();
    await seeLine('"ask": "One two."');
    await seeLine('"runStatus": "COMPLETED"');
    await seeLine('"nodeStatus": "RUNNING"');
    await seeEnd();
    expect(problems).toEqual([]);
  });

  it("asks with the key among its headers, for the schema, queries and subscriptions alike; without one it says that a key is needed", async () => {
    await using keyed = await startKeyedPlatform({ workers: 1 });
    const { secret } = await keyed.keyOf("t1");
    const { page, type, execute, seeLine, seeEnd } = await openGraphiql(browser, new URL("/", keyed.url).href);
    await seeLine("An API key is needed");
    await type("Headers", JSON.stringify({ "x-api-key": secret }));
    await page.keyboard.press("Control+Shift+R");
    const dsl = { nodes: [{ id: "say", type: "answer", config: { answer: "Hi" } }], edges: [] };
    const { workflowId } = await makeWorkflow(keyed, dsl, { "x-tenant-id": "t1", "x-api-key": secret });
    const runId = await startRun(keyed, workflowId, {}, {}, { "x-tenant-id": "t1", "x-api-key": secret });
    await type("Operation Editor", "query Apps { apps(last: 1) { edges { node { name } } } }");
    await execute();
    await seeLine('"name": "Test app"');
    await type("Operation Editor", `subscription Live { runEvents(runId: "${runId}") { runStatus } }`);
    await execute();
    await seeLine('"runStatus": "COMPLETED"');
    await seeEnd();
    // The schema is there: the editor knows what there is.
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.getByText("Root Types").waitFor();
  });

  it("is there after at most 1.8 MB, and formats a text with what comes when it is asked to", async () => {
    const { page, type, loadedBytes, problems } = await openGraphiql(browser, rootPage());
    await page.waitForLoadState("networkidle");
    const first = loadedBytes();
    expect(first).toBeGreaterThan(1_000_000);
    expect(first).toBeLessThanOrEqual(1_800_000);
    await type("Operation Editor", "query Tidy { services{name} }");
    await page.getByRole("button", { name: "Prettify query (Shift-Ctrl-P)" }).click();
    await page.locator(".graphiql-query-editor .view-line", { hasText: /^\s+name$/ }).waitFor();
    expect(loadedBytes()).toBeGreaterThan(first);
    expect(problems).toEqual([]);
  });

  it("turns dark with the system while it is open, and stays as it was told to be", async () => {
    const { page, problems } = await openGraphiql(browser, rootPage(), { colorScheme: "light" });
    const editors = page.locator(".monaco-editor");
    await page.locator(".monaco-editor.vs").first().waitFor();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator(".monaco-editor.vs-dark").first().waitFor();
    expect(await editors.evaluateAll((found) => found.filter(({ classList }) => !classList.contains("vs-dark")).length)).toBe(0);
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator(".monaco-editor.vs").first().waitFor();
    await page.getByRole("button", { name: "Open settings dialog" }).click();
    await page.getByRole("button", { name: "Light", exact: true }).click();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await page.locator(".monaco-editor.vs-dark").count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it("is of no use to pages of other origins: they cannot ask, listen or frame", async () => {
    foreign.on("GET /", { headers: { "content-type": "text/html" }, body: `<iframe src="${rootPage()}"></iframe>` });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${foreign.url}/`);
    const fetchThere = (init: object) =>
      page.evaluate(`fetch(${JSON.stringify(platform.url)}, ${JSON.stringify(init)}).then(() => "answered", String)`);
    const body = JSON.stringify({ query: `mutation { createApp(input: { code: "evil", name: "Evil" }) { id } }` });
    expect(await fetchThere({ method: "POST", headers: { "content-type": "application/json" }, body })).toMatch("TypeError");
    // What needs no preflight is sent, though its answer cannot be read: the router has to refuse it.
    expect(await fetchThere({ method: "POST", headers: { "content-type": "text/plain" }, body })).toMatch("TypeError");
    expect(await fetchThere({ method: "POST", mode: "no-cors", body })).toBe("answered");
    const query = "{ apps(first: 200) { edges { node { code } } } }";
    const { apps } = await ask<Apps>(platform, query, {}, { "x-tenant-id": "public" });
    expect(apps.edges.map(({ node }) => node.code)).not.toContain("evil");
    const socket = page.waitForEvent("websocket").then((opened) => opened.waitForEvent("socketerror"));
    await page.evaluate(`new WebSocket(${JSON.stringify(platform.url.replace("http", "ws"))}, "graphql-transport-ws")`);
    expect(await socket).toMatch("403");
    expect(page.frames().map((frame) => frame.url())).toEqual([`${foreign.url}/`, "chrome-error://chromewebdata/"]);
    await context.close();
  });
});
