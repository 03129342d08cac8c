import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the scripted server saw it. */
export interface SeenRequest {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What the server answers; a function answers by hand (and may never end, or destroy the socket). */
type ScriptedAnswer =
  | { status?: number; headers?: Record<string, string>; body?: string | Uint8Array; json?: unknown }
  | ((request: SeenRequest, response: ServerResponse) => void);

/** A small HTTP server on 127.0.0.1 that answers by script. */
export interface TestHttpServer {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** `127.0.0.1:<port>`, as egress lists want it. */
  hostPort: string;
  /** Every request so far, oldest first. */
  requests: SeenRequest[];
  /** Scripts `METHOD /path` (the query is not looked at); a list answers one after another and stays at its last. */
  on(route: string, answer: ScriptedAnswer | ScriptedAnswer[]): void;
  close(): Promise<void>;
}

/** Starts a server; routes without a script answer 404. */
export async function startHttpServer(): Promise<TestHttpServer> {
  const scripts = new Map<string, ScriptedAnswer[]>();
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    // A client that goes away in the middle of its request is not answered.
    void seen(incoming).then(
      (request) => answer(request, response),
      () => response.destroy(),
    );
  });
  function answer(request: SeenRequest, response: ServerResponse): void {
    requests.push(request);
    const script = scripts.get(`${request.method} ${request.path.split("?")[0]}`);
    const scripted = (script && script.length > 1 ? script.shift() : script?.[0]) ?? { status: 404, json: { error: "no script" } };
    if (typeof scripted === "function") scripted(request, response);
    else sendScripted(response, scripted);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hostPort = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${hostPort}`,
    hostPort,
    requests,
    on: (route, answer) => void scripts.set(route, Array.isArray(answer) ? [...answer] : [answer]),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function seen(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString("utf8");
  return { method: incoming.method ?? "", path: incoming.url ?? "", headers: incoming.headers, body };
}

function sendScripted(response: ServerResponse, answer: Exclude<ScriptedAnswer, (...args: never[]) => void>): void {
  const json = answer.json === undefined ? undefined : JSON.stringify(answer.json);
  response.writeHead(answer.status ?? 200, { ...(json === undefined ? {} : { "content-type": "application/json" }), ...answer.headers });
  response.end(json ?? answer.body ?? "");
}
