import { GraphQLScalarType } from "graphql";
import { GraphQLDateTime, GraphQLJSON, GraphQLJSONObject } from "graphql-scalars";

/** The contract's scalars, under its names. */
export { GraphQLJSON as JsonScalar, GraphQLJSONObject as JsonObjectScalar };

/** As the library has it, which does not say where its format is specified. */
export const DateTimeScalar = new GraphQLScalarType<Date, Date>({
  ...GraphQLDateTime.toConfig(),
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
});
