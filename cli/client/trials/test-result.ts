/** What came of a test of a document. */
export interface TestResult {
  name: string;
  /** null: none was made. */
  runId: string | null;
  seconds: number;
  /** Why it did not pass, a line each; none: it did. */
  problems: string[];
}
