/** What threads run to validate documents (validation.ts). Erasable TypeScript only, as all that it imports: Node runs it without a build step. */
import { formFault, objectSchemaFault } from "#shared/json/form.ts";
import type { Json } from "#shared/json.ts";
import { validateDsl, type DslIssue } from "#shared/dsl/validate.ts";

/** A document, and what its tools and programs may take at most. */
export interface DocumentToValidate {
  document: Json;
  maxTimeoutSeconds: number;
}

/** Every problem of a document. */
export function validate({ document, maxTimeoutSeconds }: DocumentToValidate): DslIssue[] {
  return validateDsl(document, { maxTimeoutSeconds, formFault, schemaFault: objectSchemaFault });
}
