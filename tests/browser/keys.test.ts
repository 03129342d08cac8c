/** Browsers before a router that asks for keys (docs/security.md, "Browsers"). */
import type { Browser } from "playwright-core";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startKeyedPlatform, type KeyedPlatform } from "../testkit/keyed-platform.ts";
import { describeWithChromium, launchChromium } from "./chromium.ts";
import { openGraphiql } from "./graphiql-page.ts";

describeWithChromium("a browser, where keys are asked for,", () => {
  let platform: KeyedPlatform;
  let browser: Browser;
  let listed: TestHttpServer;
  let foreign: TestHttpServer;
  beforeAll(async () => {
    [listed, foreign, browser] = await Promise.all([startHttpServer(), startHttpServer(), launchChromium()]);
    platform = await startKeyedPlatform({ env: { corsOrigins: [listed.url] } });
    for (const server of [listed, foreign]) server.on("GET /", { headers: { "content-type": "text/html" }, body: "<p>a front end</p>" });
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([listed?.close(), foreign?.close(), platform?.stop()]);
  });

  it("shows GraphiQL to everybody, and the graph to who puts a key into its headers: schema, operations, subscriptions", async () => {
    const { secret } = await platform.keyOf("t1");
    const { page, type, execute, seeLine, problems } = await openGraphiql(browser, new URL("/", platform.url).href);
    await type("Headers", JSON.stringify({ "x-api-key": secret }));
    const introspected = page.waitForResponse(async (response) => response.url() === platform.url && response.status() === 200);
    await page.getByRole("button", { name: "Re-fetch GraphQL schema" }).click();
    expect(await (await introspected).text()).toContain('"__schema"');
    await type("Operation Editor", "query Apps { apps { nodes { code } } }");
    await execute();
    await seeLine('"nodes": []');
    await type("Operation Editor", 'subscription Live { messageAdded(sessionId: "none") { cursor } }');
    await execute();
    await seeLine('"reason": "SESSION_NOT_FOUND"');
    // Its first look at the schema had no key; nothing else went wrong, and no policy was broken.
    expect(problems.filter((problem) => !problem.includes("401"))).toEqual([]);
  });

  it("lets a front end of a listed origin ask, read, and read streams, with a key of its user, and one of another origin nothing", async () => {
    const { secret } = await platform.keyOf("t1");
    const page = await (await browser.newContext()).newPage();
    const ask = (headers: Record<string, string>, query = "{ apps { nodes { code } } }") => {
      const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify({ query }) };
      return page.evaluate(
        `fetch(${JSON.stringify(platform.url)}, ${JSON.stringify(init)}).then(async (answer) =>
          [answer.status, (await answer.text()).slice(0, 500), answer.headers.get("x-tenant-id")], String)`,
      );
    };
    await page.goto(`${listed.url}/`);
    const apps = '{"data":{"apps":{"nodes":[]}}}\n';
    const sent: Record<string, string>[] = [
      { "x-api-key": secret },
      { authorization: `Bearer ${secret}`, "x-tenant-id": "t1", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` },
      { "x-api-key": secret, "apollo-require-preflight": "1", "x-bootstrap-token": "none" },
    ];
    for (const headers of sent) expect(await ask(headers)).toEqual([200, apps, "t1"]);
    expect(await ask({})).toEqual([401, expect.stringContaining("KEY_MISSING"), "public"]);
    const stream = { "x-api-key": secret, accept: "text/event-stream" };
    const [status, text] = (await ask(stream, 'subscription { messageAdded(sessionId: "none") { cursor } }')) as [number, string];
    expect([status, text]).toEqual([200, expect.stringContaining("SESSION_NOT_FOUND")]);
    await page.goto(`${foreign.url}/`);
    expect(await ask({ "x-api-key": secret })).toMatch("TypeError");
    await page.context().close();
  });
});
