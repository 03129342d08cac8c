/**
 * Outcomes that can be kept, by the rule of shared/json/storable.ts for each of their parts, and of bounded size. What PostgreSQL does not store of texts
 * and keys is replaced and noted: half an emoji, cut by whoever was asked, is no reason to lose an answer. Found out at the flush, a value that cannot be
 * stored would fail all runs that share it.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import {
  NotStorable,
  requireStorableText,
  storableAhead,
  storableJson,
  storableText,
  type Replaced,
  type StorableJson,
  type StorableOptions,
} from "#shared/json/storable.ts";
import { ownTurn } from "#shared/own-turn.ts";
import { jsonBytes } from "#shared/template/text.ts";
import type { ArtifactDraft, NodeOutcome } from "./executor.ts";

/** The most that one node may put out; what exceeds a hot row (2 kB) becomes an artifact up to this. */
export const maxOutputBytes = 50 * 1024 * 1024;

/**
 * JSON of more is looked at and written in turns of the main loop, before its outcome is taken: 50 MiB at once would hold it up for tenths of a second, and objects of
 * 49,000 keys, half a MiB each, for 15 ms and more.
 */
const longUnits = 1 << 18;

const shortUnits = 16_384;

/** Whether an outcome is made storable in turns ({@link storedAhead}). */
export function isLong(outcome: NodeOutcome): boolean {
  return longOf(outcome).length > 0;
}

/** Does with what is long of an outcome what {@link storableOutcome} does; undefined where nothing is. That finds it done. */
export function storedAhead(outcome: NodeOutcome): Promise<void> | undefined {
  const long = longOf(outcome);
  return long.length === 0 ? undefined : storeAll(long);
}

function longOf(outcome: NodeOutcome): [name: string, value: Json][] {
  return jsonValuesOf(outcome).filter(([, value]) => jsonBytes(value, longUnits) > longUnits);
}

async function storeAll(values: readonly [name: string, value: Json][]): Promise<void> {
  for (const [name, value] of values)
    if (typeof value === "object" && value !== null) await storableAhead(value, name, { maxBytes: maxOutputBytes, replaced: { count: 0 } });
  await ownTurn();
}

function jsonValuesOf(outcome: NodeOutcome): [name: string, value: Json][] {
  if (outcome.kind !== "completed" && outcome.kind !== "failed") return [];
  const { stateUpdates, variables, artifacts = [] } = outcome.kind === "completed" ? outcome : {};
  const values: [string, Json | undefined][] = [
    ["outputJson", outcome.outputJson],
    ["stateUpdates", stateUpdates],
    ["variables", variables],
    ...artifacts.map(({ contentJson }, index): [string, Json | undefined] => [`artifacts.${index}.contentJson`, contentJson]),
  ];
  return values.filter((one): one is [string, Json] => one[1] !== undefined && one[1] !== null);
}

/** An outcome that can be kept, with the JSON texts of its parts. */
export interface StorableOutcome<Outcome> {
  /** The outcome as it reads back, or the failure that takes its place. */
  outcome: Outcome | FailedOutcome;
  outputJson?: string;
  stateUpdates?: string;
  variables?: string;
  artifacts: readonly StorableArtifact[];
}

/** An artifact that can be kept; `json`: its contentJson. */
export interface StorableArtifact {
  draft: ArtifactDraft;
  json: string | undefined;
}

type CompletedOutcome = Extract<NodeOutcome, { kind: "completed" }>;
type FailedOutcome = Extract<NodeOutcome, { kind: "failed" }>;

/** Checks all that an outcome would store. One that cannot be kept is a failure instead; a failure loses what cannot be kept of it. Throws for bugs only. */
export function storableOutcome<Outcome extends { kind: string }>(outcome: Outcome | NodeOutcome): StorableOutcome<Outcome | NodeOutcome> {
  if (outcome.kind === "completed") return completedOrFailed(outcome as CompletedOutcome);
  return outcome.kind === "failed" ? failedStorable(outcome as FailedOutcome) : { outcome, artifacts: [] };
}

/** The failure of a node whose outcome is too large, or makes the state so. */
export function tooLargeFailure(
  code: "OUTPUT_TOO_LARGE" | "RUN_OUTPUTS_TOO_LARGE" | "STATE_TOO_LARGE",
  message: string,
  usage: CompletedOutcome["usage"],
): FailedOutcome {
  return { kind: "failed", code, message, retryable: false, ...(usage !== undefined && { usage }) };
}

function completedOrFailed(outcome: CompletedOutcome): StorableOutcome<NodeOutcome> {
  try {
    return shortTextStorable(outcome) ?? completedStorable(outcome);
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    return { outcome: notStorableFailure(cause, outcome.usage), artifacts: [] };
  }
}

function notStorableFailure({ kind, problem }: NotStorable, usage: CompletedOutcome["usage"]): FailedOutcome {
  const message = `The node's output cannot be kept: ${problem}.`;
  if (kind === "large") return tooLargeFailure("OUTPUT_TOO_LARGE", message, usage);
  return { kind: "failed", code: "OUTPUT_NOT_STORABLE", message, retryable: false, ...(usage !== undefined && { usage }) };
}

/** The outcome of most nodes, a short text and nothing else, without the copies that the others take. */
function shortTextStorable(outcome: CompletedOutcome): StorableOutcome<NodeOutcome> | undefined {
  const { outputText = "", outputJson, route, stateUpdates, variables, artifacts } = outcome;
  if (outputText.length > shortUnits || (outputJson ?? stateUpdates ?? variables ?? artifacts ?? route) !== undefined) return undefined;
  const replaced = { count: 0 };
  requireStorableText(outputText, "outputText", { maxBytes: maxOutputBytes, replaced });
  return replaced.count === 0 ? { outcome, artifacts: [] } : undefined;
}

function completedStorable(given: CompletedOutcome): StorableOutcome<NodeOutcome> {
  const { route } = given;
  const options = { maxBytes: maxOutputBytes, replaced: { count: 0 } };
  const outputText = given.outputText === undefined ? undefined : requireStorableText(given.outputText, "outputText", options);
  if (route !== undefined) requireStorableText(route, "route");
  const outputJson = jsonOf(given.outputJson, "outputJson", options);
  refuseLarge("output", outputText, outputJson?.text);
  const stateUpdates = jsonOf(given.stateUpdates, "stateUpdates", options);
  refuseLarge("stateUpdates", stateUpdates?.text);
  const variables = jsonOf(given.variables, "variables", options);
  const artifacts = (given.artifacts ?? []).map((artifact, index) => artifactStorable(artifact, index, options));
  const outcome = {
    ...given,
    ...(outputText !== undefined && { outputText }),
    ...(outputJson !== undefined && { outputJson: outputJson.value }),
    ...(stateUpdates !== undefined && { stateUpdates: stateUpdates.value as JsonObject }),
    ...(variables !== undefined && { variables: variables.value as JsonObject }),
    ...(given.artifacts !== undefined && { artifacts: artifacts.map(({ draft }) => draft) }),
    ...notesOf(given, options.replaced),
  };
  return {
    outcome,
    ...(outputJson !== undefined && { outputJson: outputJson.text }),
    ...(stateUpdates !== undefined && { stateUpdates: stateUpdates.text }),
    ...(variables !== undefined && { variables: variables.text }),
    artifacts,
  };
}

function artifactStorable(given: ArtifactDraft, index: number, options: Options): StorableArtifact {
  const { contentJson, ...givenTexts } = given;
  const kept = Object.entries(givenTexts).map(([field, text]) => [
    field,
    requireStorableText(text, `artifacts.${index}.${field}`, options),
  ]);
  const texts = Object.fromEntries(kept) as Omit<ArtifactDraft, "contentJson">;
  const json = jsonOf(contentJson, `artifacts.${index}.contentJson`, options);
  refuseLarge(`artifacts.${index}`, texts.contentText, json?.text);
  return { draft: { ...texts, ...(json !== undefined && { contentJson: json.value }) }, json: json?.text };
}

/** A failure keeps its story even when the output that goes with it cannot be kept. */
function failedStorable(given: FailedOutcome): StorableOutcome<NodeOutcome> {
  const { outputJson: output, outputText: text, ...failure } = given;
  const outcome = { ...failure, code: storableText(failure.code), message: storableText(failure.message) };
  const options = { maxBytes: maxOutputBytes, replaced: { count: 0 } };
  try {
    const outputText = text === undefined ? undefined : requireStorableText(text, "outputText", options);
    const outputJson = jsonOf(output, "outputJson", options);
    refuseLarge("output", outputText, outputJson?.text);
    const texts = outputText === undefined ? {} : { outputText };
    if (outputJson === undefined) return { outcome: { ...outcome, ...texts, ...notesOf(given, options.replaced) }, artifacts: [] };
    const kept = { ...outcome, ...texts, outputJson: outputJson.value, ...notesOf(given, options.replaced) };
    return { outcome: kept, outputJson: outputJson.text, artifacts: [] };
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    return { outcome, artifacts: [] };
  }
}

type Options = StorableOptions & Required<Pick<StorableOptions, "replaced">>;

/** null is no output, as absent is. */
function jsonOf(value: Json | undefined, name: string, options: Options): StorableJson | undefined {
  return value === undefined || value === null ? undefined : storableJson(value, name, options);
}

/** What was replaced, beside what the outcome notes already: one that comes from another worker was looked at there. */
function notesOf({ notes }: Pick<CompletedOutcome, "notes">, { count }: Replaced): Pick<CompletedOutcome, "notes"> {
  return count === 0 ? {} : { notes: { ...notes, replaced_characters: (notes?.replaced_characters ?? 0) + count } };
}

function refuseLarge(name: string, ...texts: (string | undefined)[]): void {
  const bytes = texts.reduce((sum, text) => sum + (text === undefined ? 0 : Buffer.byteLength(text)), 0);
  if (bytes > maxOutputBytes) throw new NotStorable("large", `${name} is larger than ${maxOutputBytes} bytes`);
}
