/** What threads run to validate documents (validation.ts). Erasable TypeScript only, as all that it imports: Node runs it without a build step. */
import { validateDsl, type DslIssue } from "#shared/dsl/validate.ts";

/** Every problem of a document. */
export function validate(document: unknown): DslIssue[] {
  return validateDsl(document);
}
