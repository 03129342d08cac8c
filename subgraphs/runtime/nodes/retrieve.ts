/** Finds documents: from their JSON and a query to the outcome of a retriever. Pure; run in a thread, for documents are a stranger's and may be many. */
import { isJsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { hasTooManyValues, maxJsonValues } from "#shared/json/value-count.ts";
import { memoBySource } from "#shared/template/memo.ts";
import { indexDocuments, readDocuments, type DocumentIndex } from "./document-index.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed, failed } from "./outcome.ts";

/** A query, and where the documents are from. */
export interface Retrieval {
  query: string;
  topK: number;
  source: "config" | "url";
}

/** The most documents of one source, and the most characters that they may have. */
const maxDocuments = 20_000;

/** Documents of a config are asked again with the next run. */
const configIndex = memoBySource((json): { index: DocumentIndex | string } => ({ index: indexOf(json) }), 4_000_000);

/** The outcome. @param json  a list of documents, or `{ documents }` */
export function retrieve({ query, topK, source }: Retrieval, json: string): NodeOutcome {
  const index = source === "config" ? configIndex(json).index : indexOf(json);
  if (typeof index === "string") return notUsable(source, index);
  const found = index.search(query, topK);
  const outputText = found.map(({ title, text }) => (title ? `${title}\n${text}` : text)).join("\n\n");
  return completed({ outputText, outputJson: { query, retrieved_documents: found } });
}

/** Documents ready to be asked, or why they are not. */
function indexOf(json: string): DocumentIndex | string {
  if (hasTooManyValues(json)) return `they have more than ${maxJsonValues} values`;
  const value = readJson(json);
  const documents = readDocuments(isJsonObject(value) ? value["documents"] : value);
  if (documents === null) return "";
  return documents.length > maxDocuments
    ? `there are ${documents.length}, and at most ${maxDocuments} can be searched`
    : indexDocuments(documents);
}

function notUsable(source: Retrieval["source"], problem: string): NodeOutcome {
  const inConfig = source === "config";
  const code = inConfig ? "NODE_CONFIG_INVALID" : "RETRIEVAL_SOURCE_INVALID";
  if (problem !== "") return failed({ code, message: `The documents cannot be searched: ${problem}.` });
  if (inConfig) return failed({ code, message: "The node's documents are not a list of objects with text." });
  return failed({ code, message: 'The source answered neither a JSON list of documents with text nor {"documents": […]}.' });
}
