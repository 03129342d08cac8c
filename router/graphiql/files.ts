/** Serves GraphiQL at `/`, its files beneath `/graphiql/<version>/`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import Negotiator from "negotiator";
import type { Log } from "#shared/log.ts";
import { pagePolicy } from "../edge/security-headers.ts";
import { loadBundle, type Bundle, type BundledFile } from "./bundle.ts";
import { failurePage, page, waitingPage } from "./pages.ts";

export interface GraphiqlFiles {
  /** Answers a request for the page or one of its files; false when `path` is neither. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Makes the bundle in the background, so that the first visitor need not wait for it. */
  prepare(): void;
  /** Ends a bundling that is under way. */
  close(): void;
}

export interface GraphiqlOptions {
  cacheFolder: string;
  log: Log;
  load?: typeof loadBundle;
}

const fileTypes: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
};

/** A kept bundle is read by then; one that has to be made takes seconds. */
const patienceMs = 500;

/** Makes the page; its bundle is loaded when it is first asked for, or before by `prepare`. */
export function graphiqlFiles({ cacheFolder, log, load = loadBundle }: GraphiqlOptions): GraphiqlFiles {
  const closing = new AbortController();
  let loading: Promise<Bundle> | undefined;
  const loaded = () => {
    loading ??= startLoading();
    return loading;
  };
  const startLoading = () => {
    const started = load({ cacheFolder, log, signal: closing.signal });
    started.catch((error: unknown) => closing.signal.aborted || log.error({ err: error }, "graphiql cannot be bundled"));
    return started;
  };
  const answerPage = async (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("cache-control", "no-cache");
    try {
      const bundle = await Promise.race([loaded(), sleep(patienceMs)]);
      if (bundle === undefined) sendPage(request, response, 202, waitingPage);
      else sendPage(request, response, 200, page(bundle.version));
    } catch {
      // Tried again at the next visit: memory may have been short. Pages that wait do not come back after this one.
      loading = undefined;
      sendPage(request, response, 500, failurePage);
    }
  };
  return {
    async answer(path, request, response) {
      const [, version, name] = /^\/graphiql\/(\w+)\/([\w.-]+)$/.exec(path) ?? [];
      if (path !== "/" && name === undefined) return false;
      if (request.method !== "GET" && request.method !== "HEAD") {
        response.writeHead(405, { allow: "GET, HEAD" }).end();
        return true;
      }
      response.setHeader("content-security-policy", pagePolicy);
      if (name === undefined) await answerPage(request, response);
      else {
        const bundle = await loaded();
        const file = bundle.files.get(name);
        if (file === undefined || version !== bundle.version) return false;
        await sendFile({ request, response, file, name, version });
      }
      return true;
    },
    prepare: () => void loaded().catch(() => {}),
    close: () => closing.abort(),
  };
}

interface FileAnswer {
  request: IncomingMessage;
  response: ServerResponse;
  file: BundledFile;
  name: string;
  version: string;
}

async function sendFile({ request, response, file, name, version }: FileAnswer): Promise<void> {
  const { encoding, body } = await encodedFor(request, file);
  const etag = `"${version}-${encoding}"`;
  // The address has the version in it: what is there never changes.
  response.setHeader("cache-control", "public, max-age=31536000, immutable");
  response.appendHeader("vary", "accept-encoding");
  response.setHeader("etag", etag);
  if (request.headers["if-none-match"] === etag) return void response.writeHead(304).end();
  if (encoding !== "identity") response.setHeader("content-encoding", encoding);
  send(request, response, { status: 200, type: fileTypes[extname(name)]!, body });
}

/** Compressed, where the client takes it; unpacked again for the few that do not. */
async function encodedFor(request: IncomingMessage, file: BundledFile): Promise<{ encoding: string; body: Uint8Array }> {
  if ("identity" in file) return { encoding: "identity", body: file.identity };
  const accepted = new Negotiator(request).encodings(["br", "gzip"]);
  for (const encoding of ["br", "gzip"] as const) if (accepted.includes(encoding)) return { encoding, body: file[encoding] };
  return { encoding: "identity", body: await promisify(gunzip)(file.gzip) };
}

function sendPage(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  send(request, response, { status, type: "text/html; charset=utf-8", body: Buffer.from(text) });
}

function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  { status, type, body }: { status: number; type: string; body: Uint8Array },
): void {
  response.writeHead(status, { "content-type": type, "content-length": body.byteLength });
  response.end(method === "HEAD" ? undefined : body);
}
