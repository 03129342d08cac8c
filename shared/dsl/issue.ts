import type * as z from "zod";
import { pointer } from "./pointer.ts";

/** Everything that validateDsl can find; the closed list. */
export const dslIssueCodes = [
  // the document
  "DSL_NOT_OBJECT",
  "DSL_NOT_JSON",
  "DSL_TOO_LARGE",
  "DSL_TOO_DEEP",
  "NODES_MISSING",
  "EDGES_INVALID",
  "INPUT_SCHEMA_INVALID",
  "SESSION_HISTORY_INVALID",
  "TESTS_INVALID",
  "TOO_MANY_NODES",
  "TOO_MANY_EDGES",
  // nodes
  "NODE_INVALID",
  "NODE_ID_INVALID",
  "NODE_ID_DUPLICATE",
  "NODE_TYPE_UNKNOWN",
  "NODE_UNKNOWN_KEY",
  "NODE_UNCONNECTED",
  "NODE_ID_SHADOWS",
  // graphs within them
  "BODY_TOO_DEEP",
  "PATH_TOO_LONG",
  "PARALLEL_TOO_LARGE",
  "COMPOSITE_RETRY",
  // their configs
  "CONFIG_MISSING",
  "CONFIG_INVALID",
  "CONFIG_UNKNOWN_KEY",
  "CONFIG_IGNORED",
  "TIMEOUT_CAPPED",
  "TIMEOUT_INVALID",
  "ON_FAILURE_INVALID",
  "CONCURRENCY_INVALID",
  "TEMPLATE_INVALID",
  "EXPRESSION_INVALID",
  "CODE_WITHOUT_RESULT",
  // what templates and expressions refer to
  "REFERENCE_UNKNOWN_NODE",
  "REFERENCE_UNKNOWN_NAME",
  "REFERENCE_UNKNOWN_FIELD",
  "REFERENCE_NOT_UPSTREAM",
  "SECRET_MISPLACED",
  // what assigners write
  "STATE_KEY_CONTESTED",
  // edges
  "EDGE_INVALID",
  "EDGE_DANGLING",
  "EDGE_DUPLICATE",
  "CONDITION_MISSING",
  "CONDITION_INVALID",
  "CONDITION_UNUSED",
  "ROUTE_MISSING",
  "ERROR_EDGE_UNHANDLED",
  "CYCLE",
  // beyond what is listed
  "MORE_ISSUES",
] as const;

/** One of {@link dslIssueCodes}. */
export type DslIssueCode = (typeof dslIssueCodes)[number];

/** ERROR: the document cannot run. WARNING: it can, but something in it does nothing, or not what it seems to. */
export interface DslIssue {
  severity: "ERROR" | "WARNING";
  code: DslIssueCode;
  message: string;
  /** JSON pointer into the document, such as /nodes/3/config/expression. */
  path: string;
}

/** An issue with its place as keys and indexes. */
type Placed = Omit<DslIssue, "path"> & { path: readonly PropertyKey[] };

/** Issues of a document that are listed, and characters of a message or a path: nobody reads more, and a request may ask for many documents. */
const listed = 200;
const shownChars = 2_000;

/** Collects issues, in the order in which they are found: the first 200, errors rather than warnings. */
export class IssueList {
  readonly #found: DslIssue[] = [];
  readonly #counts = { ERROR: 0, WARNING: 0 };
  readonly #add: (issue: Placed) => void;

  constructor(add?: (issue: Placed) => void) {
    this.#add = add ?? ((issue) => this.#keep(issue));
  }

  /** A list for a part of the document: what is found there is found here, beneath `at`. */
  beneath(at: readonly PropertyKey[]): IssueList {
    return new IssueList((issue) => this.#add({ ...issue, path: [...at, ...issue.path] }));
  }

  /** What was found; the last one says how many there are beyond those that are listed. */
  get issues(): DslIssue[] {
    let warnings = Math.max(0, listed - Math.min(this.#counts.ERROR, listed));
    const issues = this.#found.filter(({ severity }) => severity === "ERROR" || warnings-- > 0);
    const more = this.#counts.ERROR + this.#counts.WARNING - issues.length;
    if (more === 0) return issues;
    const severity = this.#counts.ERROR > listed ? "ERROR" : "WARNING";
    const message = `${more} more problems are not listed; solve these first, then validate again.`;
    return [...issues, { severity, code: "MORE_ISSUES", message, path: "" }];
  }

  error(code: DslIssueCode, path: readonly PropertyKey[], message: string): void {
    this.#add({ severity: "ERROR", code, message, path });
  }

  warning(code: DslIssueCode, path: readonly PropertyKey[], message: string): void {
    this.#add({ severity: "WARNING", code, message, path });
  }

  #keep(issue: Placed): void {
    if (++this.#counts[issue.severity] > listed) return;
    this.#found.push({ ...issue, message: brief(issue.message), path: brief(pointer(...issue.path)) });
  }
}

/** Names in a document may be of any length. */
function brief(text: string): string {
  return text.length > shownChars ? `${text.slice(0, shownChars).toWellFormed()}…` : text;
}

/** A value short enough for a message. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** What is wrong with a field of a config: Zod's sentence without its capital and, for keys of records, the problem of the key itself. */
export function problemOf(issue: z.core.$ZodIssue): string {
  const inner = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
  return (inner ?? issue.message).replace(/^Invalid input: /, "").replace(/^Too (big|small): /, "");
}
