/** Fields of one name that a subgraph cannot give under one name, since it has them in two types: the plan asks for them apart and gives them their name back. */
import { composeSupergraph } from "../../../router/graph/compose.ts";
import { AnswerBytes, answerLimits } from "../../../router/graph/answer-bytes.ts";
import { executePlan } from "../../../router/graph/execute-plan.ts";
import { defaultLimits } from "../../../router/graph/limits.ts";
import { Operations } from "../../../router/graph/operations.ts";
import { loadSupergraph } from "../../../router/graph/supergraph.ts";

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';
const graph = loadSupergraph(
  composeSupergraph([
    {
      name: "pets",
      sdl: `${link} type Query { pets: [Pet!]! } union Pet = Cat | Dog
        type Cat @key(fields: "id") { id: ID! lives: Int! @shareable good: Boolean! @shareable name: String! @shareable }
        type Dog { lives: Int good: Boolean name: String }`,
    },
    {
      name: "cats",
      sdl: `${link} type Cat @key(fields: "id") { id: ID! lives: Int @shareable good: Boolean @shareable name: String @shareable }`,
    },
  ]).supergraphSdl,
);

describe("a field that types have in two ways", () => {
  it("keeps its value, also where that is 0, false, empty or null", async () => {
    const operations = new Operations({ graph, rules: [], limits: defaultLimits });
    const planned = operations.fromText("{ pets { ... on Cat { lives good name } ... on Dog { lives good name } } }", undefined);
    const asked: string[] = [];
    const { data, errors } = await executePlan({
      graph,
      planned,
      variables: {},
      meter: new AnswerBytes(answerLimits()).open({ tenantId: "t", isMutation: false }),
      report: (cause) => {
        throw cause;
      },
      fetch: ({ operation }) => {
        asked.push(operation);
        const keys = [...operation.matchAll(/(?:(\w+):)?\b(lives|good|name)\b/g)].map(([, alias, name = ""]) => ({
          key: alias ?? name,
          name,
        }));
        const pet = (typename: string, at: number, value: Record<string, unknown>) => ({
          __typename: typename,
          ...Object.fromEntries(keys.slice(at, at + 3).map(({ key, name }) => [key, value[name]])),
        });
        return Promise.resolve({
          data: {
            pets: [
              pet("Cat", 0, { lives: 0, good: false, name: "" }),
              pet("Dog", 3, { lives: 0, good: false, name: "" }),
              pet("Dog", 3, { lives: null, good: null, name: null }),
            ],
          },
        });
      },
    });
    expect(asked).toEqual([expect.stringMatching(/alias/)]);
    expect(errors).toBeUndefined();
    expect(JSON.parse(JSON.stringify(data))).toEqual({
      pets: [
        { lives: 0, good: false, name: "" },
        { lives: 0, good: false, name: "" },
        { lives: null, good: null, name: null },
      ],
    });
  });
});
