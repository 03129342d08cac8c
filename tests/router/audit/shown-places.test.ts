/** The list of texts that the audit keeps, against the schema of the graph: what is in neither of the two lists is redacted, until somebody decides. */
import { readFileSync } from "node:fs";
import { buildSchema, getNamedType, isInputObjectType, isObjectType, type GraphQLInputType } from "graphql";
import { shownPlaces } from "../../../router/audit/shown-places.ts";

const schema = buildSchema(readFileSync(new URL("../../../codegen/schema.graphql", import.meta.url), "utf8"), { assumeValid: true });

/** Coordinates of all input that can hold free text or JSON. */
function freePlaces(): string[] {
  const isFree = (type: GraphQLInputType) => ["String", "JSON", "JSONObject"].includes(getNamedType(type).name);
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith("__")) return [];
    if (isInputObjectType(type)) return Object.values(type.getFields()).flatMap((f) => (isFree(f.type) ? [`${type.name}.${f.name}`] : []));
    if (!isObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap((field) =>
      field.args.filter((arg) => isFree(arg.type)).map((arg) => `${type.name}.${field.name}(${arg.name}:)`),
    );
  });
}

describe("texts that the audit keeps", () => {
  const free = new Set(freePlaces());

  it("are all in the schema", () => {
    expect([...shownPlaces].filter((place) => !free.has(place))).toEqual([]);
  });

  it("are none that holds a secret, what people write or what models answer", () => {
    const dangerous =
      /^(apiKey|.*(secret|token|password|headers|config|url|content|prompt|message|text|arguments|dsl|json|query|metadata|goal|description|title|reason|idempotency).*|input|stop|responsibility|role)$/i;
    const wordOf = (place: string) => /(\w+)(?::\))?$/.exec(place)![1]!;
    expect([...shownPlaces].filter((place) => dangerous.test(wordOf(place)))).toEqual([]);
  });

  it("are not the secrets that the schema has", () => {
    const secret = [...free].filter((place) => /\.(apiKey|secretHeaders|headers|invokeConfig|config)$/.test(place));
    expect(secret.length).toBeGreaterThan(8);
    expect(secret.filter((place) => shownPlaces.has(place))).toEqual([]);
  });
});
