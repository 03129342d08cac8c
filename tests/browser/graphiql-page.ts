/** GraphiQL as somebody uses it who sits before it. */
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";

/** A window with GraphiQL in it. */
export interface GraphiqlPage {
  page: Page;
  /** What a user would not see, and nobody should: errors on the console (violations of the CSP too), and exceptions. */
  problems: string[];
  /** The origins of all that was asked for, WebSockets too. */
  origins: Set<string>;
  /** The bytes of all files that have come so far, as they came. */
  loadedBytes(): number;
  /** Replaces an editor's text; that of the operation editor begins with a named operation. */
  type(editor: Editor, text: string): Promise<void>;
  /** Runs the operation: the only one, or the named one. */
  execute(operation?: string): Promise<void>;
  /** Waits until the result shows a line. */
  seeLine(line: string): Promise<void>;
  /** Waits until nothing runs. */
  seeEnd(): Promise<void>;
}

export type Editor = "Operation Editor" | "Variables" | "Headers";

/** Opens it in a profile of its own, and waits until it can be used. */
export async function openGraphiql(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<GraphiqlPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, ...options });
  const page = await context.newPage();
  // How long each wait may last; a test ends those that never do.
  page.setDefaultTimeout(0);
  const problems: string[] = [];
  const origins = new Set<string>();
  page.on("console", (message) => void (["error", "warning"].includes(message.type()) && problems.push(message.text())));
  page.on("pageerror", (error) => void problems.push(String(error)));
  context.on("request", (request) => void origins.add(originOf(request.url())));
  // By address: what the workers share with the page comes once, and then from the browser's cache.
  const sizes = new Map<string, number>();
  context.on("response", (response) => void sizes.set(response.url(), Number(response.headers()["content-length"])));
  page.on("websocket", (socket) => void origins.add(originOf(socket.url())));
  await page.goto(url);
  // The first visit waits until the page is bundled.
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  const loadedBytes = () => [...sizes].reduce((sum, [address, size]) => (address.includes("/graphiql/") ? sum + size : sum), 0);
  return { page, problems, origins, loadedBytes, ...usesOf(page) };
}

function usesOf(page: Page): Pick<GraphiqlPage, "type" | "execute" | "seeLine" | "seeEnd"> {
  const play = page.getByRole("button", { name: "Execute query" });
  return {
    async type(editor, text) {
      if (editor !== "Operation Editor") await page.getByRole("button", { name: editor, exact: true }).click();
      await replaceText(page, page.getByRole("region", { name: editor }).locator(".monaco-editor:visible"), text);
      // Until the tab is named anew GraphiQL works on the operations of the text before.
      const [, operation] = /^(?:query|mutation|subscription) (\w+)/m.exec(text) ?? [];
      if (operation !== undefined) await page.getByRole("tab", { name: operation }).waitFor();
    },
    async execute(operation) {
      await play.click();
      if (operation !== undefined) await page.getByRole("menuitem", { name: operation, exact: true }).click();
    },
    seeLine: (line) => page.locator(".graphiql-response .view-line", { hasText: line }).first().waitFor(),
    seeEnd: () => play.waitFor(),
  };
}

/** Inserted at once: key by key, the editor would close each bracket itself. So it does with the last one, behind the cursor. */
async function replaceText(page: Page, editor: Locator, text: string): Promise<void> {
  await editor.locator(".view-lines").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
  await page.keyboard.press("ControlOrMeta+Shift+End");
  await page.keyboard.press("Delete");
}

function originOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
