/** Finds documents: from their JSON and a query to the outcome of a retriever. Pure; run in a thread, for documents are a stranger's and may be many. */
import { isJsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { excessWords, jsonExcess } from "#shared/json/value-count.ts";
import { memoBySource } from "#shared/template/memo.ts";
import { indexDocuments, readDocuments, searchOnce, type RetrievableDocument, type RetrievedDocument } from "./document-index.ts";
import type { NodeOutcome, OutputNotes } from "../executor.ts";
import { completed, failed, noted, placesOf } from "../outcome.ts";

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
  const read = readable(json);
  return typeof read === "string" ? { problem: read } : { index: indexDocuments(read.documents), notes: read.notes };
}, 4_000_000);

/** The outcome. @param json  a list of documents, or `{ documents }` */
export function retrieve({ query, topK, source }: Retrieval, json: string): NodeOutcome {
  const search = source === "config" ? ofConfig(json, query, topK) : ofUrl(json, query, topK);
  if (typeof search === "string") return notUsable(source, search);
  const { found, notes } = search;
  const outputText = found.map(({ title, text }) => (title ? `${title}\n${text}` : text)).join("\n\n");
  return completed({ outputText, outputJson: { query, retrieved_documents: found }, ...noted(notes) });
}

/** What was found, or why nothing can be. */
type Found = { found: RetrievedDocument[]; notes: OutputNotes } | string;

function ofConfig(json: string, query: string, topK: number): Found {
  const { index, notes = {}, problem = "" } = configIndex(json);
  return index === undefined ? problem : { found: index.search(query, topK), notes };
}

function ofUrl(json: string, query: string, topK: number): Found {
  const read = readable(json);
  return typeof read === "string" ? read : { found: searchOnce(read.documents, query, topK), notes: read.notes };
}

/** Documents, or why they cannot be searched; empty: they are none. */
function readable(json: string): { documents: RetrievableDocument[]; notes: OutputNotes } | string {
  const excess = jsonExcess(json);
  if (excess !== undefined)
    return excess === "values" ? excessWords(excess).replace("has", "they have") : `one of them ${excessWords(excess)}`;
  const notes: OutputNotes = {};
  const value = readJson(json, (numbers) => (notes.numbers_as_text = placesOf(numbers, "documents")));
  const read = readDocuments(isJsonObject(value) ? value["documents"] : value);
  if (read === null) return "";
  const { documents, withoutText } = read;
  if (withoutText > 0) notes.documents_without_text = withoutText;
  return documents.length > maxDocuments
    ? `there are ${documents.length}, and at most ${maxDocuments} can be searched`
    : { documents, notes };
}

function notUsable(source: Retrieval["source"], problem: string): NodeOutcome {
  const inConfig = source === "config";
  const code = inConfig ? "NODE_CONFIG_INVALID" : "RETRIEVAL_SOURCE_INVALID";
  if (problem !== "") return failed({ code, message: `The documents cannot be searched: ${problem}.` });
  if (inConfig) return failed({ code, message: "The node's documents are not a list of objects with text." });
  return failed({ code, message: 'The source answered neither a JSON list of documents with text nor {"documents": […]}.' });
}
