/** Every GraphQL document that the project shows is one that the graph takes. */
import { readFileSync } from "node:fs";
import { buildSchema, Kind, parse, validate, type DocumentNode } from "graphql";
import { documents } from "./documents.ts";

const schema = buildSchema(readFileSync("codegen/schema.graphql", "utf8"));
const blocks = documents().flatMap(({ path, text }) =>
  [...text.matchAll(/^```graphql\n(.*?)^```/gms)].map(([, block = ""], i): [string, string] => [`${path} #${i + 1}`, block]),
);

describe("the documents' GraphQL", () => {
  it("stands in every subgraph's README, and elsewhere", () => {
    expect(blocks.filter(([path]) => path.startsWith("subgraphs/")).length).toBeGreaterThanOrEqual(9);
    expect(blocks.filter(([path]) => !path.startsWith("subgraphs/")).length).toBeGreaterThanOrEqual(2);
  });

  it.each(blocks)("is valid: %s", (_path, block) => {
    const problems = eachOperation(parse(block)).flatMap((operation) => validate(schema, operation));
    expect(problems.map(({ message }) => message)).toEqual([]);
  });
});

/** A block may show several anonymous operations; a request has one. */
function eachOperation(document: DocumentNode): DocumentNode[] {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  return operations.map((operation) => ({ ...document, definitions: [operation, ...fragments] }));
}
