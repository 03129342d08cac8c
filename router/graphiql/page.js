// The page's own code, bundled for the browser by bundling.mjs.
import "graphiql/style.css";
import "./page.css";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { loggedEvents } from "./event-log.ts";
import { firstTab } from "./first-tab.ts";

const workers = { json: "json.worker.js", graphql: "graphql.worker.js" };
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(new URL(workers[label] ?? "editor.worker.js", import.meta.url), { name: label, type: "module" }),
};

/** GraphiQL asks once whether the system is dark: its editors would keep their colours while the page around them changes its own. */
function SystemTheme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    if (theme !== null) return undefined;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => setTheme(null);
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [theme, setTheme]);
  return null;
}

const url = new URL("/graphql", location.href);
const ask = createGraphiQLFetcher({ url: url.href, subscriptionUrl: url.href.replace(/^http/, "ws") });

/** GraphiQL shows the last answer only: of a subscription each is the log up to it. */
async function fetcher(request, options) {
  const answers = await ask(request, options);
  return isSubscription(request, options) ? loggedEvents(answers) : answers;
}

function isSubscription({ operationName }, { documentAST } = {}) {
  const operations = documentAST?.definitions.filter(({ kind }) => kind === "OperationDefinition") ?? [];
  const asked = operations.length === 1 ? operations[0] : operations.find(({ name }) => name?.value === operationName);
  return asked?.operation === "subscription";
}

const setting = { fetcher, defaultTabs: [{ query: firstTab }], shouldPersistHeaders: true };
createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, setting, createElement(SystemTheme)));
