// The page's own code, bundled for the browser by bundle.ts.
import "graphiql/style.css";
import "./page.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { firstTab } from "./first-tab.ts";

const workers = { json: "json.worker.js", graphql: "graphql.worker.js" };
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(`/graphiql/${workers[label] ?? "editor.worker.js"}`, { name: label }),
};

const url = new URL("/graphql", location.href);
const fetcher = createGraphiQLFetcher({ url: url.href, subscriptionUrl: url.href.replace(/^http/, "ws") });
const setting = { fetcher, defaultTabs: [{ query: firstTab }], shouldPersistHeaders: true };
createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, setting));
