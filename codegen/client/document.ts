import type { DocumentNode } from "graphql";
import { Kind, print } from "graphql";

/**
 * A parsed document that knows what it takes and gives, as graphql-codegen makes them. The same shape as TypedDocumentNode of
 * `@graphql-typed-document-node/core`, written out so that the client needs no package for a type.
 */
export interface TypedDocument<D, V> extends DocumentNode {
  /** For the compiler only. */
  __apiType?: (variables: V) => D;
}

/**
 * A document as it is sent.
 *
 * @throws Error when codegen has not seen it: `graphql(…)` makes an empty object of such a one.
 */
export function documentText(document: DocumentNode): string {
  if ((document as Partial<DocumentNode>).kind === undefined) {
    throw new Error(
      "The document is not generated: graphql(`…`) does not know its text. Run graphql-codegen after each change of a document, over all files that " +
        "have one (in the platform's repository `npm run codegen`, which reads files beside README.md and beneath examples/).",
    );
  }
  return print(document);
}

/** Whether its operation has a variable `after`. */
export function takesAfter(document: DocumentNode): boolean {
  return document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      definition.variableDefinitions?.some((variable) => variable.variable.name.value === "after"),
  );
}
