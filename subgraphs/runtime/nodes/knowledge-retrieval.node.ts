import { knowledgeRetrievalConfig, type KnowledgeRetrievalConfig } from "#shared/dsl/configs.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import type { FetchedResponse } from "#shared/fetch.ts";
import { indexDocuments, readDocuments, type DocumentIndex, type RetrievableDocument } from "./document-index.ts";
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
  const config = readConfig(context);
  if (typeof documents !== "object" || documents === null) return found(config, []);
  let index = inlineIndexes.get(documents);
  if (index === undefined) {
    const readable = readDocuments(documents);
    if (readable === null)
      return failed({ code: "NODE_CONFIG_INVALID", message: "The node's documents are not a list of objects with text." });
    index = indexDocuments(readable);
    inlineIndexes.set(documents, index);
  }
  return found(config, index.search(queryOf(config), config.top_k));
}

async function retrieveFromSource(context: NodeContext): Promise<NodeOutcome> {
  const config = readConfig(context);
  const url = config.source_url ?? "";
  if (context.dryRun) return completed({ outputText: "", outputJson: { dry_run: true, query: queryOf(config), retrieved_documents: [] } });
  const response = await fetchSource(context, url);
  if (response.status < 200 || response.status > 299) {
    return failed({
      code: "RETRIEVAL_HTTP_ERROR",
      message: `The source of the documents answered with status ${response.status}.`,
      ...httpRetry({ status: response.status, retryAfter: response.headers["retry-after"] }, Date.now()),
      outputJson: { status: response.status, text: response.text.slice(0, 2_000) },
    });
  }
  const documents = documentsOf(response.text);
  if (documents === null) {
    return failed({
      code: "RETRIEVAL_SOURCE_INVALID",
      message: 'The source answered neither a JSON list of documents with text nor {"documents": […]}.',
    });
  }
  return found(config, indexDocuments(documents).search(queryOf(config), config.top_k));
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

function readConfig({ config, scope }: NodeContext): KnowledgeRetrievalConfig {
  // Without the documents, which are read once per plan: checking thousands of them costs more than the search.
  const { documents: _, ...rest } = config;
  return knowledgeRetrievalConfig.parse({ ...renderConfig("knowledge-retrieval", rest, scope), documents: [] });
}

function queryOf(config: KnowledgeRetrievalConfig): string {
  return config.query ?? config.query_template ?? "";
}

function documentsOf(body: string): RetrievableDocument[] | null {
  try {
    const json = JSON.parse(body) as Json;
    return readDocuments(isJsonObject(json) ? json["documents"] : json);
  } catch {
    return null;
  }
}

function found(config: KnowledgeRetrievalConfig, documents: ReturnType<DocumentIndex["search"]>): NodeOutcome {
  const outputText = documents.map(({ title, text }) => (title ? `${title}\n${text}` : text)).join("\n\n");
  return completed({ outputText, outputJson: { query: queryOf(config), retrieved_documents: documents } });
}
