/** The committed graph, as strangers read it. */
import { readdirSync, readFileSync } from "node:fs";
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLNamedType,
} from "graphql";
import { composeSupergraph } from "../../router/compose.ts";

type Described = [path: string, description: string | null | undefined];

describe("the public schema", () => {
  const schema = buildSchema(readFileSync("codegen/schema.graphql", "utf8"));
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type));

  it("describes every type, field, argument, input field and enum value", () => {
    const described = types.flatMap(descriptionsOf);
    expect(described.length).toBeGreaterThan(1_000);
    expect(described.filter(([, description]) => !description?.trim()).map(([path]) => path)).toEqual([]);
  });

  it("is described by each type's owner: the subgraphs do not contradict each other", () => {
    const sources = readdirSync("codegen/subgraphs").map((file) => ({
      name: file.replace(".graphql", ""),
      sdl: readFileSync(`codegen/subgraphs/${file}`, "utf8"),
    }));
    expect(composeSupergraph(sources).hints).toEqual([]);
  });
});

function descriptionsOf(type: GraphQLNamedType): Described[] {
  const own: Described = [type.name, type.description];
  const inner = (name: string, description: string | null | undefined): Described => [`${type.name}.${name}`, description];
  if (isEnumType(type)) return [own, ...type.getValues().map(({ name, description }) => inner(name, description))];
  if (isInputObjectType(type)) return [own, ...Object.values(type.getFields()).map(({ name, description }) => inner(name, description))];
  if (!isObjectType(type) && !isInterfaceType(type)) return [own];
  const fields = Object.values(type.getFields()).flatMap(({ name, description, args }) => [
    inner(name, description),
    ...args.map((argument) => inner(`${name}(${argument.name})`, argument.description)),
  ]);
  return [own, ...fields];
}
