import type { DocumentNode } from "graphql";
import { print } from "graphql";

/** A document as text: what graphql-codegen makes with `documentMode: "string"`. */
export interface DocumentString {
  toString(): string;
  charAt(place: number): string;
}

/**
 * A document that knows what it takes and gives, as graphql-codegen makes them: parsed, or as text. The same shapes as its TypedDocumentNode and
 * TypedDocumentString, written out so that the client needs no package for a type.
 */
export type TypedDocument<D, V> = (DocumentNode | DocumentString) & {
  /** For the compiler only. */
  __apiType?: (variables: V) => D;
};

/**
 * A document as it is sent.
 *
 * @throws Error when codegen has not seen it: `graphql(…)` makes an empty object of such a one.
 */
export function documentText(document: DocumentNode | DocumentString): string {
  if ("charAt" in Object(document)) return String(document);
  if ((document as Partial<DocumentNode>).kind !== undefined) return print(document as DocumentNode);
  throw new Error(
    "The document is not generated: graphql(`…`) does not know its text. Run graphql-codegen after each change of a document, over all files that " +
      "have one (in the platform's repository `npm run codegen`, which reads files beside README.md and beneath examples/).",
  );
}

/** Whether an operation has a variable `after`: only where it is declared a colon follows. Parsing a text would be half of the client's size in a browser. */
export function takesAfter(text: string): boolean {
  return /\$after\s*:/.test(text);
}
