import { GraphQLDateTime, GraphQLJSON, GraphQLJSONObject } from "graphql-scalars";

/** The contract's scalars, under its names. */
export { GraphQLDateTime as DateTimeScalar, GraphQLJSON as JsonScalar, GraphQLJSONObject as JsonObjectScalar };
