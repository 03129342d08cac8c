import { knowledgeRetrievalConfig } from "#shared/dsl/configs.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { storableText } from "#shared/json/storable.ts";
import type { FetchedResponse } from "#shared/fetch/fetch.ts";
import { configText } from "./config-text.ts";
import { indexDocuments, readDocuments, type DocumentIndex, type RetrievableDocument, type RetrievedDocument } from "./document-index.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "./executor.ts";
import { httpRetry } from "./http-retry.ts";
import { completed, failed, orFailure, orFailureLater } from "./outcome.ts";
import { traced } from "./traced.ts";

/**
 * `knowledge-retrieval` (alias `retriever`): finds the documents that fit a query by BM25 (S-53), among those of its config or those that a
 * GET of `source_url` gives as a list or `{ documents }` (S-54). output_json is `{ query, retrieved_documents }`, each document
 * with its score; output_text is their texts.
 */
export const knowledgeRetrievalNode: NodeExecutor = {
  effect: (config) => (config["source_url"] ? "outside" : "pure"),
  run: (context) => (context.config["source_url"] ? orFailureLater(context, retrieveFromSource) : orFailure(() => retrieveInline(context))),
};

// A plan's config is one object however often its node runs.
const inlineIndexes = new WeakMap<object, DocumentIndex>();

function retrieveInline(context: NodeContext): NodeOutcome {
  const { documents } = context.config;
  const search = readSearch(context);
  if (typeof documents !== "object" || documents === null) return found(search, []);
  let index = inlineIndexes.get(documents);
  if (index === undefined) {
    const readable = readDocuments(documents);
    if (readable === null)
      return failed({ code: "NODE_CONFIG_INVALID", message: "The node's documents are not a list of objects with text." });
    index = indexDocuments(readable);
    inlineIndexes.set(documents, index);
  }
  return found(search, index.search(search.query, search.topK));
}

async function retrieveFromSource(context: NodeContext): Promise<NodeOutcome> {
  const search = readSearch(context);
  if (context.dryRun) return completed({ outputText: "", outputJson: { dry_run: true, query: search.query, retrieved_documents: [] } });
  const response = await fetchSource(context, search.sourceUrl);
  if (response.status < 200 || response.status > 299) {
    return failed({
      code: "RETRIEVAL_HTTP_ERROR",
      message: `The source of the documents answered with status ${response.status}.`,
      ...httpRetry({ status: response.status, retryAfter: response.headers["retry-after"] }, Date.now()),
      outputJson: { status: response.status, text: storableText(response.text.slice(0, 2_000)) },
    });
  }
  const documents = documentsOf(response.text);
  if (documents === null) {
    return failed({
      code: "RETRIEVAL_SOURCE_INVALID",
      message: 'The source answered neither a JSON list of documents with text nor {"documents": […]}.',
    });
  }
  return found(search, indexDocuments(documents).search(search.query, search.topK));
}

function fetchSource(context: NodeContext, url: string): Promise<FetchedResponse> {
  const host = URL.canParse(url) ? new URL(url).host : "";
  // The host only: a query may carry a key.
  const call = { spanType: "HTTP", name: `GET ${host}`, attributes: { "http.request.method": "GET", "server.address": host } } as const;
  return traced(
    context,
    call,
    (span) => context.ports.fetch(url, { headers: { accept: "application/json", traceparent: span.traceparent }, signal: context.signal }),
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

function readSearch({ config, scope }: NodeContext): Search {
  // Field by field: checking thousands of documents on every run would cost more than the search.
  const { documents: _, ...rest } = config;
  const rendered = renderConfig("knowledge-retrieval", rest, scope);
  return {
    query: configText(rendered, "query", "query_template"),
    topK: knowledgeRetrievalConfig.shape.top_k.parse(rendered["top_k"]),
    sourceUrl: configText(rendered, "source_url"),
  };
}

function documentsOf(body: string): RetrievableDocument[] | null {
  const json = readJson(body);
  return readDocuments(isJsonObject(json) ? json["documents"] : json);
}

function found({ query }: Search, documents: RetrievedDocument[]): NodeOutcome {
  const outputText = documents.map(({ title, text }) => (title ? `${title}\n${text}` : text)).join("\n\n");
  return completed({ outputText, outputJson: { query, retrieved_documents: documents } });
}
