/** Finds documents: from their JSON and a query to the outcome of a retriever. Pure; run in a thread, for documents are a stranger's and may be many. */
import { isJsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { hasTooManyValues, maxJsonValues } from "#shared/json/value-count.ts";
import { memoBySource } from "#shared/template/memo.ts";
import { indexDocuments, readDocuments, searchOnce, type RetrievableDocument, type RetrievedDocument } from "./document-index.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed, failed } from "./outcome.ts";

/** A query, and where the documents are from. */
export interface Retrieval {
  query: string;
  topK: number;
  source: "config" | "url";
}

/** The most documents of one source. */
const maxDocuments = 20_000;

/** Documents of a config are asked again with the next run. */
const configIndex = memoBySource((json) => {
  const documents = readable(json);
  return typeof documents === "string" ? { problem: documents } : { index: indexDocuments(documents) };
}, 4_000_000);

/** The outcome. @param json  a list of documents, or `{ documents }` */
export function retrieve({ query, topK, source }: Retrieval, json: string): NodeOutcome {
  const found = source === "config" ? ofConfig(json, query, topK) : ofUrl(json, query, topK);
  if (typeof found === "string") return notUsable(source, found);
  const outputText = found.map(({ title, text }) => (title ? `${title}\n${text}` : text)).join("\n\n");
  return completed({ outputText, outputJson: { query, retrieved_documents: found } });
}

/** What was found, or why nothing can be. */
type Found = RetrievedDocument[] | string;

function ofConfig(json: string, query: string, topK: number): Found {
  const { index, problem = "" } = configIndex(json);
  return index === undefined ? problem : index.search(query, topK);
}

function ofUrl(json: string, query: string, topK: number): Found {
  const documents = readable(json);
  return typeof documents === "string" ? documents : searchOnce(documents, query, topK);
}

/** Documents, or why they cannot be searched; empty: they are none. */
function readable(json: string): RetrievableDocument[] | string {
  if (hasTooManyValues(json)) return `they have more than ${maxJsonValues} values`;
  const value = readJson(json);
  const documents = readDocuments(isJsonObject(value) ? value["documents"] : value);
  if (documents === null) return "";
  return documents.length > maxDocuments ? `there are ${documents.length}, and at most ${maxDocuments} can be searched` : documents;
}

function notUsable(source: Retrieval["source"], problem: string): NodeOutcome {
  const inConfig = source === "config";
  const code = inConfig ? "NODE_CONFIG_INVALID" : "RETRIEVAL_SOURCE_INVALID";
  if (problem !== "") return failed({ code, message: `The documents cannot be searched: ${problem}.` });
  if (inConfig) return failed({ code, message: "The node's documents are not a list of objects with text." });
  return failed({ code, message: 'The source answered neither a JSON list of documents with text nor {"documents": […]}.' });
}
