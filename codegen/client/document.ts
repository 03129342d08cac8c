import type { DocumentNode } from "graphql";
import { print } from "graphql";

/**
 * A document as it is sent.
 *
 * @throws Error when `npm run codegen` has not seen it: `graphql(…)` makes an empty object of such a one.
 */
export function documentText(document: DocumentNode): string {
  if ((document as Partial<DocumentNode>).kind === undefined) {
    throw new Error(
      "The document is not generated. Run `npm run codegen` after each change of one; it reads graphql(`…`) in files beside README.md and beneath examples/.",
    );
  }
  return print(document);
}
