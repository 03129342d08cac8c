/** The committed graph, as strangers read it. */
import { readdirSync, readFileSync } from "node:fs";
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  parse,
  visit,
  type GraphQLNamedType,
} from "graphql";
import { composeSupergraph } from "../../router/graph/compose.ts";

type Described = [path: string, description: string | null | undefined];

describe("the public schema", () => {
  const schema = buildSchema(readFileSync("codegen/schema.graphql", "utf8"));
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type));

  it("describes every type, field, argument, input field and enum value", () => {
    const described = types.flatMap(descriptionsOf);
    expect(described.length).toBeGreaterThan(1_000);
    expect(described.filter(([, description]) => !description?.trim()).map(([path]) => path)).toEqual([]);
  });

  it("says of every field that may be null when it is", () => {
    const fields = types.filter(isObjectType).filter(({ name }) => !["Query", "Mutation"].includes(name));
    const nullable = fields.flatMap((type) =>
      Object.values(type.getFields()).flatMap(({ name, type: inner, description }): Described[] =>
        isNonNullType(inner) ? [] : [[`${type.name}.${name}`, description]],
      ),
    );
    expect(nullable.length).toBeGreaterThan(80);
    expect(nullable.filter(([, description]) => !/\bnull\b/i.test(description ?? ""))).toEqual([]);
  });

  it("says in the same words what means the same: the arguments of pages", () => {
    const words = Map.groupBy(
      types.filter(isObjectType).flatMap((type) => {
        const pages = Object.values(type.getFields()).filter(({ args }) => args.some(({ name }) => name === "last"));
        return pages.flatMap(({ args }) => args.filter(({ name }) => ["first", "after", "last", "before"].includes(name)));
      }),
      ({ name }) => name,
    );
    expect([...words.keys()].sort()).toEqual(["after", "before", "first", "last"]);
    for (const [, same] of words) expect(new Set(same.map(({ description }) => description)).size).toBe(1);
  });

  it("has an interface of whatever has an id, and a root by id for each", () => {
    const entities = types.filter(isObjectType).filter((type) => type.getInterfaces().some(({ name }) => name === "Node"));
    expect(entities.length).toBeGreaterThanOrEqual(24);
    const roots = schema.getQueryType()!.getFields();
    const without = entities.filter(({ name }) => {
      const root = roots[`${name[0]!.toLowerCase()}${name.slice(1)}`];
      return String(root?.type) !== name || root?.args.length !== 1 || String(root.args[0]!.type) !== "ID!";
    });
    expect(without.map(({ name }) => name)).toEqual([]);
    // A member of a team, a model or a result is part of something else, or comes from outside.
    const ided = types.filter(isObjectType).filter((type) => type.getFields()["id"] !== undefined);
    expect(ided.filter((type) => !entities.includes(type)).map(({ name }) => name)).toEqual([
      "ChatCompletion",
      "ChatToolCall",
      "WaitingAction",
    ]);
  });

  it("has the items of every page without their cursors too", () => {
    const pages = types.filter(isObjectType).filter(({ name }) => name.endsWith("Connection"));
    expect(pages.length).toBeGreaterThan(20);
    for (const page of pages)
      expect([page.name, String(page.getFields()["nodes"]?.type)]).toEqual([page.name, `[${page.name.replace("Connection", "")}!]!`]);
  });

  it("says where the format of each scalar is specified", () => {
    const scalars = types.filter(isScalarType);
    expect(scalars.map(({ name, specifiedByURL }) => [name, URL.canParse(specifiedByURL ?? "")])).toEqual(
      scalars.map(({ name }) => [name, true]),
    );
  });

  it("has nothing of what is for the platform itself", () => {
    const inside = readdirSync("codegen/subgraphs").flatMap((file) => {
      const found: string[] = [];
      visit(parse(readFileSync(`codegen/subgraphs/${file}`, "utf8")), {
        enter(node) {
          const isHidden = "directives" in node && node.directives?.some(({ name }) => name.value === "inaccessible");
          if (isHidden && "name" in node && node.name !== undefined) found.push(node.name.value);
        },
      });
      return found;
    });
    expect(inside).toEqual(expect.arrayContaining(["recordRunMessage", "RecordRunMessageInput", "runSource", "RunSource"]));
    const names = new Set(types.flatMap(descriptionsOf).flatMap(([path]) => path.split(/[.()]/)));
    expect([...inside, "_entities", "_service", "_Any", "_Entity"].filter((name) => names.has(name))).toEqual([]);
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
