/** The access subgraph as whoever makes calls asks it: for the values of secrets. */
import { graphql } from "#codegen/subgraph-clients/access/gql.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { ModelContext } from "./model.context.ts";

const valuesDocument = graphql(`
  query ModelSecretValues($input: SecretValuesInput!) {
    secretValues(input: $input) {
      name
      value
    }
  }
`);

/**
 * Values of secrets for a call of an origin, by name; nothing is asked where no secret is named.
 *
 * @throws AppError SECRET_UNKNOWN, SECRET_ORIGIN_MISMATCH; SUBGRAPH_UNREACHABLE and its like, which pass
 */
export async function secretValues(context: ModelContext, names: readonly string[], origin: string): Promise<Map<string, string>> {
  if (names.length === 0) return new Map();
  const variables = { input: { names: [...names], origin } };
  const data = await context.call.request({ subgraph: "access", document: valuesDocument, variables, info: requestInfoOf(context) });
  return new Map(data.secretValues.map(({ name, value }) => [name, value]));
}
