/** What a workflow's document consists of (S-15, S-16) once it has been read; its keys are snake_case wherever they come from. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import * as z from "zod";

/** What a document may be at most. */
export const dslLimits = {
  documentBytes: 1024 * 1024,
  nodes: 2_000,
  edges: 5_000,
  tests: 100,
  depth: 100,
  /** Graphs within graphs, the document's own included. */
  bodies: 8,
  /** Bytes of a path, with the largest numbers of items in it. */
  pathBytes: 600,
  /** Items that all nested iterations work on side by side. */
  parallel: 1_000,
  /** Characters of all expressions of a document together. */
  expressionChars: 200_000,
  /** Characters of a default, which stands in the row of each node run that fails. */
  defaultChars: 16_384,
} as const;

/** Ids of nodes; they stand in paths, so they hold neither dots nor blanks. */
export const nodeIdPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** How often a failed node is tried again. Waits `backoff_seconds × backoff_factor^(n-1)`, at most `max_backoff_seconds`. */
export const retryPolicy = z.object({
  /** Attempts in all, the first included. */
  max_attempts: z.int().min(1).max(20),
  backoff_seconds: z.number().min(0).max(3_600).default(1),
  backoff_factor: z.number().min(1).max(10).default(2),
  max_backoff_seconds: z.number().min(0).max(86_400).default(300),
  /** An expression over `output` and `text` of an attempt that succeeded: where it is true the attempt counts as failed, OUTPUT_REJECTED. */
  when: z.string().min(1).optional(),
});

/** What a node puts out in the place of its failure. */
const defaultOutput = z
  .strictObject({ output_text: z.string().optional(), output_json: z.custom<Json>().optional() })
  .refine((value) => JSON.stringify(value).length <= dslLimits.defaultChars, `a default has at most ${dslLimits.defaultChars} characters`);

/** What becomes of a failure: fail, the edges with the condition "error", or a default. An object is looked at as one, so that its problems are told. */
const onError = z
  .custom<"fail" | "branch" | { default: z.infer<typeof defaultOutput> }>(
    (value) => value === "fail" || value === "branch" || isJsonObject(value),
    'expected "fail", "branch" or { "default": { "output_text"?, "output_json"? } }',
  )
  .superRefine((value, context) => {
    if (typeof value === "string") return;
    for (const issue of z.strictObject({ default: defaultOutput }).safeParse(value).error?.issues ?? [])
      context.addIssue({ code: "custom", path: issue.path, message: issue.message });
  });

/** What a node may have beside its id, type and config. */
export const nodeOptions = z.object({
  /** For people. */
  name: z.string().max(200).optional(),
  retry: retryPolicy.optional(),
  /** True: an attempt whose outcome is unknown is not made again; the node waits for a person (OUTCOME_UNKNOWN). */
  at_most_once: z.boolean().optional(),
  /** One attempt may take this long. */
  timeout_seconds: z.number().positive().max(86_400).optional(),
  /** What becomes of its failure; "fail" unless given. */
  on_error: onError.optional(),
});

/** What a run may take, counted from its first node: up to a year, as it may wait for a person. */
export const maxRunSeconds = 366 * 86_400;

/** Whether a document may have this as its `timeout_seconds`. */
export function isRunTimeout(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= maxRunSeconds;
}

/**
 * What a document may have as its `on_failure`, the workflow that is run when a run of it fails: its id, or its code in the same app, as a text or under the name
 * that says which.
 */
export const onFailure = z.union([
  z.string().min(1).max(200),
  z.strictObject({ workflow_id: z.string().min(1).max(200) }),
  z.strictObject({ workflow_code: z.string().min(1).max(200) }),
]);

/** A step of a workflow. */
export interface DslNode extends z.infer<typeof nodeOptions> {
  id: string;
  /** A canonical type; of an extra type, its own name. */
  type: string;
  config: JsonObject;
}

/** How much of what was said in a session before a run it sees: the newest messages that fit. */
export const sessionHistory = z.strictObject({
  messages: z.int().min(1).max(200).default(20),
  /** About four characters each. */
  tokens: z.int().min(1).max(65_536).default(2_000),
});

/** See {@link sessionHistory}. */
export type SessionHistory = z.infer<typeof sessionHistory>;

/** How many runs of a key are executed at once, at most; the others wait in the order in which they were made. */
export const concurrency = z.strictObject({
  /** An expression over `input` and `session.id`, of the text, number or truth value by which runs are told apart; all runs of the workflow are of one key unless given. */
  key: z.string().min(1).max(2_000).optional(),
  limit: z.int().min(1).max(1_000),
});

/** See {@link concurrency}. */
export type Concurrency = z.infer<typeof concurrency>;

const object = z.custom<JsonObject>(isJsonObject, "expected an object");

/** A test of a document: a run with an input, in which some nodes are mocked, and what is true of it. */
export const documentTest = z.strictObject({
  name: z.string().min(1).max(200),
  input: object.optional(),
  /** Outputs by path, as createRun takes them. */
  mocks: object.optional(),
  /** Expressions over {@link expectNames}, all of which are to be true. */
  expect: z.array(z.string().min(1)).min(1).max(100),
});

/** See {@link documentTest}. */
export type DocumentTest = z.infer<typeof documentTest>;

/** What an expectation sees: `run` has status, output_text, output_json, state, error_code; `nodes` by path status, output, text, error. */
export const expectNames = ["run", "nodes"] as const;

/** From a node to one that runs after it. */
export interface DslEdge {
  source: string;
  target: string;
  /** The route on which it is taken: of an edge out of a branching node, such as "true"; "error" of one that a failure takes. */
  condition?: string;
}

/** A document that can run: `validateDsl` found no error in it. */
export interface DslDocument {
  nodes: DslNode[];
  edges: DslEdge[];
  /** The run may take this long. */
  timeout_seconds?: number;
  /** The workflow that is run when it fails. */
  on_failure?: z.infer<typeof onFailure>;
  /** What of its session a run sees as session.history; absent: nothing. */
  session_history?: SessionHistory;
  /** How many of its runs are executed at once. */
  concurrency?: Concurrency;
  /** A JSON Schema (2020-12) of the input that its runs are given. */
  input_schema?: JsonObject;
}
