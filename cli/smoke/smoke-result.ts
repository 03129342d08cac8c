/** How one sample ended. */
export interface SmokeResult {
  name: string;
  outcome: "passed" | "failed" | "skipped";
  ms: number;
  /** What was wrong, or why it was skipped. */
  details: string[];
}
