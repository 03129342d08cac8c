import { GraphQLScalarType } from "graphql";
import { GraphQLDateTime, GraphQLJSON, GraphQLJSONObject } from "graphql-scalars";

/** The contract's scalars, under its names. */
export { GraphQLJSON as JsonScalar, GraphQLJSONObject as JsonObjectScalar };

/**
 * As the library has it, which does not say where its format is specified, and leaves times of an answer as they are: whoever counts an answer's bytes, or writes it in
 * turns, took them for empty objects.
 */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  ...GraphQLDateTime.toConfig(),
  serialize: (value) => GraphQLDateTime.serialize(value).toISOString(),
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
});
