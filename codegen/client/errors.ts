/** One error as the graph gives it; `extensions` has code, reason, requestId and facts. */
export interface GraphqlErrorShape {
  message: string;
  path?: readonly (string | number)[];
  extensions?: Record<string, unknown>;
}

/** The graph answered with errors. */
export class GraphqlRequestError extends Error {
  override readonly name = "GraphqlRequestError";

  readonly errors: readonly GraphqlErrorShape[];
  /** What came in spite of the errors. */
  readonly data: unknown;

  constructor(errors: readonly GraphqlErrorShape[], data: unknown) {
    super(errors.map((error) => error.message).join("\n"));
    this.errors = errors;
    this.data = data;
  }

  /** The first error's class, such as NOT_FOUND. */
  get code(): string | undefined {
    return this.#extension("code");
  }

  /** The first error's closed reason, such as WORKFLOW_VERSION_NOT_PUBLISHED. */
  get reason(): string | undefined {
    return this.#extension("reason");
  }

  #extension(name: string): string | undefined {
    const value = this.errors[0]?.extensions?.[name];
    return typeof value === "string" ? value : undefined;
  }
}

/** There was no answer, or none that is GraphQL. */
export class TransportError extends Error {
  override readonly name = "TransportError";
}
