import type { DocumentNode, GraphQLError } from "graphql";

/** An operation that is not run; `errors` are for its client. */
export class RefusedOperation extends Error {
  constructor(
    readonly errors: readonly GraphQLError[],
    /** What could be read of it. */
    readonly document?: DocumentNode,
  ) {
    super(errors[0]?.message ?? "operation refused");
  }
}
