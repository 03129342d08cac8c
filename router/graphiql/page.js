// The page's own code, bundled for the browser by bundle.ts.
import "graphiql/style.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

const workers = { json: "json.worker.js", graphql: "graphql.worker.js" };
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(`/graphiql/${workers[label] ?? "editor.worker.js"}`, { name: label }),
};

const defaultQuery = `# The whole platform is this one graph. Ctrl-Enter runs the operation under the cursor.
# The Headers tab takes {"x-tenant-id": "…"}; without it the tenant is "public".
query Services {
  services { name status latencyMs message }
}
`;

const url = new URL("/graphql", location.href);
const fetcher = createGraphiQLFetcher({ url: url.href, subscriptionUrl: url.href.replace(/^http/, "ws") });
createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, { fetcher, defaultQuery, shouldPersistHeaders: true }));
