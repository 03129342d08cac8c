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
  "TOO_MANY_NODES",
  "TOO_MANY_EDGES",
  // nodes
  "NODE_INVALID",
  "NODE_ID_INVALID",
  "NODE_ID_DUPLICATE",
  "NODE_TYPE_UNKNOWN",
  "NODE_UNKNOWN_KEY",
  "NODE_UNCONNECTED",
  // their configs
  "CONFIG_MISSING",
  "CONFIG_INVALID",
  "CONFIG_UNKNOWN_KEY",
  "CONFIG_IGNORED",
  "TEMPLATE_INVALID",
  "EXPRESSION_INVALID",
  "CODE_WITHOUT_RESULT",
  // what templates and expressions refer to
  "REFERENCE_UNKNOWN_NODE",
  "REFERENCE_UNKNOWN_NAME",
  "REFERENCE_UNKNOWN_FIELD",
  "REFERENCE_NOT_UPSTREAM",
  // edges
  "EDGE_INVALID",
  "EDGE_DANGLING",
  "EDGE_DUPLICATE",
  "CONDITION_MISSING",
  "CONDITION_INVALID",
  "CONDITION_UNUSED",
  "ROUTE_MISSING",
  "CYCLE",
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

/** Collects issues, in the order in which they are found. */
export class IssueList {
  readonly issues: DslIssue[] = [];

  error(code: DslIssueCode, path: readonly PropertyKey[], message: string): void {
    this.issues.push({ severity: "ERROR", code, message, path: pointer(...path) });
  }

  warning(code: DslIssueCode, path: readonly PropertyKey[], message: string): void {
    this.issues.push({ severity: "WARNING", code, message, path: pointer(...path) });
  }
}

/** A value short enough for a message. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
