export interface DslIssue {
  severity: "ERROR" | "WARNING";
  code: string;
  message: string;
  path: string;
}
export function validateDsl(_: unknown): DslIssue[] {
  return [];
}
