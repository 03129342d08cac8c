/**
 * What is wrong with a document tells what the schema has, word by word: "Did you mean", "Unknown type". Introspection needs `schema:read`, so that these
 * words need it too: who has a key without it is told what is wrong and no more, who has no key that one is needed.
 */
import { GraphQLError } from "graphql";
import { bootstrapScope } from "#shared/scopes.ts";
import { keyErrors } from "../access/errors.ts";
import type { CallerFacts } from "./root-scopes.ts";

/** Errors of a document or its variables, as its sender may read them. @throws AppError KEY_MISSING, where that is nobody with a key. */
export function tellable(errors: readonly GraphQLError[], { scopes, subject }: CallerFacts): readonly GraphQLError[] {
  if (errors.length === 0 || scopes === undefined || scopes.includes("schema:read") || scopes.includes(bootstrapScope)) return errors;
  if (subject == null) throw keyErrors.KEY_MISSING({});
  return errors.map(withoutSuggestion);
}

function withoutSuggestion(error: GraphQLError): GraphQLError {
  const { nodes, source, positions, path, originalError, extensions } = error;
  return new GraphQLError(untold(error.message), { nodes, source, positions, path, originalError, extensions });
}

const suggestion = "Did you mean ";

/** graphql-js has a suggestion last in a message. Not by a pattern: what a stranger sent stands in the message, and may have those words in it thousands of times. */
function untold(message: string): string {
  const at = message.endsWith("?") ? message.lastIndexOf(suggestion) : -1;
  return at < 0 ? message : message.slice(0, at).replace(/ $/, "");
}
