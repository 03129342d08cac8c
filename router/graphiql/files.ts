/** Serves GraphiQL at `/`, its files beneath `/graphiql/`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname } from "node:path";
import type { Log } from "#shared/log.ts";
import { bundledFiles, loadBundle, type Bundle } from "./bundle.ts";

export interface GraphiqlFiles {
  /** Answers a request for the page or one of its files; false when `path` is neither. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cg fill='%23d60590'%3E" +
  "%3Ccircle cx='3' cy='8' r='3'/%3E%3Ccircle cx='13' cy='3' r='3'/%3E%3Ccircle cx='13' cy='13' r='3'/%3E%3C/g%3E" +
  "%3Cpath d='M13 3 3 8l10 5' fill='none' stroke='%23d60590' stroke-width='1.5'/%3E%3C/svg%3E";

// The style sheet stands behind the text: in the head it would keep the window white until all is bundled.
const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Agent Platform</title>
    <link rel="icon" href="${icon}" />
    <style>html, body, #graphiql { height: 100%; margin: 0; } #graphiql > p { margin: 0; padding: 2rem; font: 1rem sans-serif; }</style>
  </head>
  <body>
    <div id="graphiql"><p>Loading GraphiQL. The first time takes a few seconds.</p></div>
    <link rel="stylesheet" href="/graphiql/page.css" />
    <script src="/graphiql/page.js"></script>
  </body>
</html>
`;

const contentSecurityPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; " +
  "frame-ancestors 'none'";

const fileTypes: Record<string, string> = { ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };

/** Makes the page; its bundle is made when it is first asked for. */
export function graphiqlFiles(cacheFolder: string, log: Log): GraphiqlFiles {
  let loaded: Promise<Bundle> | undefined;
  const bundle = () => {
    loaded ??= loadBundle(cacheFolder, log);
    // A failure is tried again: memory may have been short.
    loaded.catch(() => (loaded = undefined));
    return loaded;
  };
  return {
    async answer(path, request, response) {
      const name = bundledFiles.find((file) => path === `/graphiql/${file}`);
      if (path !== "/" && name === undefined) return false;
      if (request.method !== "GET" && request.method !== "HEAD") {
        response.writeHead(405, { allow: "GET, HEAD" }).end();
        return true;
      }
      response.setHeader("content-security-policy", contentSecurityPolicy);
      // The browser asks each time and is sent each version once: the files have seven megabytes.
      response.setHeader("cache-control", "no-cache");
      if (name === undefined) send(request, response, "text/html; charset=utf-8", Buffer.from(page));
      else sendFile(await bundle(), name, request, response);
      return true;
    },
  };
}

function sendFile({ version, files }: Bundle, name: string, request: IncomingMessage, response: ServerResponse): void {
  const etag = `"${version}"`;
  response.setHeader("etag", etag);
  if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
  else send(request, response, fileTypes[extname(name)]!, files.get(name)!);
}

function send({ method }: IncomingMessage, response: ServerResponse, type: string, body: Uint8Array): void {
  response.writeHead(200, { "content-type": type, "content-length": body.byteLength });
  response.end(method === "HEAD" ? undefined : body);
}
