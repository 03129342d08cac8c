/** Serves GraphiQL at `/`, its files beneath `/graphiql/`. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Log } from "#shared/log.ts";
import { bundleGraphiql } from "./bundle.ts";

export interface GraphiqlFiles {
  /** Answers a request for the page or one of its files; false when `path` is neither. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Agent Platform</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/graphiql/page.css" />
    <style>html, body, #graphiql { height: 100%; margin: 0; }</style>
  </head>
  <body>
    <div id="graphiql">Loading GraphiQL. The first time takes a few seconds.</div>
    <script src="/graphiql/page.js"></script>
  </body>
</html>
`;

const contentSecurityPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; " +
  "connect-src 'self' ws: wss:; frame-ancestors 'none'";

const fileTypes: Record<string, string> = {
  "page.js": "text/javascript; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "editor.worker.js": "text/javascript; charset=utf-8",
  "json.worker.js": "text/javascript; charset=utf-8",
  "graphql.worker.js": "text/javascript; charset=utf-8",
};

/** Makes the page; its bundle is made when it is first asked for. */
export function graphiqlFiles(cacheFolder: string, log: Log): GraphiqlFiles {
  let bundled: Promise<string> | undefined;
  const folder = () => {
    bundled ??= bundleGraphiql(cacheFolder, log);
    // A failure is tried again: the disk may have been full.
    bundled.catch(() => (bundled = undefined));
    return bundled;
  };
  return {
    async answer(path, request, response) {
      const name = path === "/" ? "" : /^\/graphiql\/([\w.]+)$/.exec(path)?.[1];
      const type = name === "" ? "text/html; charset=utf-8" : fileTypes[name ?? "none"];
      if (name === undefined || type === undefined) return false;
      if (request.method !== "GET" && request.method !== "HEAD") {
        response.writeHead(405, { allow: "GET, HEAD" }).end();
        return true;
      }
      const body = name === "" ? page : await readFile(join(await folder(), name));
      response.writeHead(200, {
        "content-type": type,
        "content-length": Buffer.byteLength(body),
        "content-security-policy": contentSecurityPolicy,
        "cache-control": "no-cache",
      });
      response.end(request.method === "HEAD" ? undefined : body);
      return true;
    },
  };
}
