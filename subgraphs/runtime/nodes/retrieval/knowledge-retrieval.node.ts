import { databaseNowMs } from "#shared/database-time.ts";
import { knowledgeRetrievalConfig } from "#shared/dsl/configs.ts";
import type { Job } from "#shared/evaluation/job.ts";
import type { Json } from "#shared/json.ts";
import { storableText } from "#shared/json/storable.ts";
import type { FetchedResponse } from "#shared/fetch/fetch.ts";
import { pageInstead } from "#shared/fetch/media-type.ts";
import { configText } from "../evaluation/config-text.ts";
import { evaluationFailures, nodeJobsModule, rendered, runJob } from "../evaluation/evaluation.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "../executor.ts";
import { httpRetry } from "../http/http-retry.ts";
import { completed, failed, orFailureLater } from "../outcome.ts";
import type { Retrieval } from "./retrieve.ts";
import { traced } from "../traced.ts";

/**
 * `knowledge-retrieval` (alias `retriever`): finds the documents that fit a query by BM25 (S-53), among those of its config or those that a
 * GET of `source_url` gives as a list or `{ documents }` (S-54). output_json is `{ query, retrieved_documents }`, each document
 * with its score; output_text is their texts. Documents are read, indexed and searched in a thread.
 */
export const knowledgeRetrievalNode: NodeExecutor = {
  effect: (config) => (config["source_url"] ? "outside" : "pure"),
  run: (context) => orFailureLater(context, context.config["source_url"] ? retrieveFromSource : retrieveInline),
};

const resultBytes = 16 << 20;
/** Of an answer, this much tells whether it is a web page. */
const pageStart = 1_000;
const retrieveJob: Job<Retrieval, NodeOutcome> = {
  module: nodeJobsModule,
  name: "retrieveDocuments",
  maxResultChars: resultBytes,
  ...evaluationFailures(10_000, resultBytes),
};

// A plan's config is one object however often its node runs.
const inlineDocuments = new WeakMap<object, string>();

async function retrieveInline(context: NodeContext): Promise<NodeOutcome> {
  const { documents = null } = context.config;
  const search = await readSearch(context);
  return retrieved(context, { ...search, source: "config" }, documents === null ? "[]" : jsonOf(documents));
}

function jsonOf(documents: Json): string {
  if (typeof documents !== "object" || documents === null) return JSON.stringify(documents);
  let json = inlineDocuments.get(documents);
  if (json === undefined) inlineDocuments.set(documents, (json = JSON.stringify(documents)));
  return json;
}

async function retrieveFromSource(context: NodeContext): Promise<NodeOutcome> {
  const search = await readSearch(context);
  if (context.dryRun) return completed({ outputText: "", outputJson: { dry_run: true, query: search.query, retrieved_documents: [] } });
  await context.entered();
  const response = await fetchSource(context, search.sourceUrl);
  if (response.status < 200 || response.status > 299) {
    return failed({
      code: "RETRIEVAL_HTTP_ERROR",
      message: `The source of the documents answered with status ${response.status}.`,
      ...httpRetry(response, databaseNowMs()),
      outputJson: { status: response.status, text: storableText(response.text.slice(0, 2_000)) },
    });
  }
  const page = pageInstead(response.headers["content-type"], response.text.slice(0, pageStart));
  if (page !== undefined) {
    const message = `The source of the documents answered ${page}, not JSON; is source_url right?`;
    return failed({ code: "RETRIEVAL_SOURCE_INVALID", message });
  }
  return retrieved(context, { ...search, source: "url" }, response.text);
}

function retrieved(context: NodeContext, { query, topK, source }: Retrieval, json: string): Promise<NodeOutcome> {
  return runJob(context, retrieveJob, { query, topK, source }, json);
}

function fetchSource(context: NodeContext, url: string): Promise<FetchedResponse> {
  const host = URL.canParse(url) ? new URL(url).host : "";
  // The host only: a query may carry a key.
  const call = { spanType: "HTTP", name: `GET ${host}`, attributes: { "http.request.method": "GET", "server.address": host } } as const;
  return traced(
    context,
    call,
    (span) =>
      context.ports.fetch(url, {
        headers: { accept: "application/json", traceparent: span.traceparent },
        signal: context.signal,
        arrives: (bytes) => context.arrives(bytes),
      }),
    ({ status }) => {
      const attributes = { "http.response.status_code": status };
      return status < 400 ? { attributes } : { attributes, errorCode: "RETRIEVAL_HTTP_ERROR", errorMessage: `HTTP ${status}` };
    },
  );
}

/** What to look for, where, and how much of it. An empty query, such as an empty question, finds nothing; it is no failure. */
interface Search {
  query: string;
  topK: number;
  sourceUrl: string;
}

/** Configs without their documents, which are not rendered and may be many. */
const withoutDocuments = new WeakMap<object, NodeContext["config"]>();

async function readSearch(context: NodeContext): Promise<Search> {
  const { documents: _, ...rest } = context.config;
  const config = withoutDocuments.get(context.config) ?? rest;
  withoutDocuments.set(context.config, config);
  const search = await rendered(context, "knowledge-retrieval", config);
  return {
    query: configText(search, "query", "query_template"),
    topK: knowledgeRetrievalConfig.shape.top_k.parse(search["top_k"]),
    sourceUrl: configText(search, "source_url"),
  };
}
