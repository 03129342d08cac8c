/** The page of a link in a real browser: as somebody sees it who was sent it. */
import type { Browser } from "playwright-core";
import { eventually } from "../testkit/eventually.ts";
import { finishRun, makeWorkflow, startRun, type Dsl } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { describeWithChromium, launchChromium } from "./chromium.ts";

const refund: Dsl = {
  nodes: [
    {
      id: "ask",
      type: "human-input",
      config: {
        text: "Ann asks for 120 EUR back.\nThe shoes came late.",
        form: {
          type: "object",
          properties: {
            amount: { type: "number", title: "Amount", description: "In EUR, at most 100.", default: 120, maximum: 100 },
            kind: { enum: ["goods", "shipping"], title: "What for" },
            note: { type: "string", title: "Note", maxLength: 500 },
            urgent: { type: "boolean", title: "Pay today" },
          },
          required: ["amount", "kind"],
        },
        actions: [
          { id: "approve", label: "Refund" },
          { id: "reject", label: "Do not refund" },
        ],
        wait_seconds: 86_400,
      },
    },
    { id: "paid", type: "answer", config: { answer: "{{ nodes.ask.output | json }}" } },
    { id: "kept", type: "answer", config: { answer: "kept" } },
  ],
  edges: [
    { source: "ask", target: "paid", condition: "approve" },
    { source: "ask", target: "kept", condition: "reject" },
  ],
};

const linkOf = `query ($filter: WaitingNodeRunFilter) { waitingNodeRuns(filter: $filter) { nodes { waiting { link } } } }`;
interface Page {
  waitingNodeRuns: { nodes: { waiting: { link: string } }[] };
}

describeWithChromium("the page of a link", () => {
  let platform: TestPlatform;
  let browser: Browser;
  beforeAll(async () => {
    [platform, browser] = await Promise.all([startTestPlatform(), launchChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    await platform.stop();
  });

  it("is filled in by keyboard, says what does not fit, and takes the answer, without a word on the console", async () => {
    const { workflowId } = await makeWorkflow(platform, refund);
    const runId = await startRun(platform, workflowId);
    const look = async () => ((await platform.post(linkOf, { filter: { runId } })).data as Page).waitingNodeRuns.nodes;
    const [node] = await eventually(look, (nodes) => nodes.length > 0);
    const page = await (await browser.newContext({ viewport: { width: 800, height: 900 }, javaScriptEnabled: false })).newPage();
    page.setDefaultTimeout(0);
    const problems: string[] = [];
    // The answer that does not fit is a 422, which Chromium tells of; a violation of the CSP would be told too.
    page.on("console", (message) => void (message.text().includes("status of 422") || problems.push(message.text())));
    await page.goto(new URL(node!.waiting.link, platform.url).href);
    expect(await page.title()).toBe("Your answer is needed");
    await page.getByLabel("What for (needed)").selectOption("goods");
    await page.getByLabel("Note").fill("sorry\nfor that");
    await page.getByLabel("Pay today").check();
    await page.getByLabel("Note").press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    // By the name and the description that whoever hears it is told.
    const amount = page.getByLabel("Amount (needed)");
    expect(await amount.getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByLabel("Note").inputValue()).toBe("sorry\nfor that");
    await amount.fill("90.5");
    await page.getByRole("button", { name: "Refund", exact: true }).click();
    await page.getByRole("heading", { name: "Thank you" }).waitFor();
    const run = await finishRun(platform, runId);
    expect(JSON.parse(run.outputText ?? "")).toEqual({
      amount: 90.5,
      kind: "goods",
      note: "sorry\nfor that",
      urgent: true,
      action: "approve",
    });
    expect(problems).toEqual([]);
  });
});
