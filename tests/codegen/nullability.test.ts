import { readdirSync, readFileSync } from "node:fs";
import {
  buildSchema,
  isNonNullType,
  Kind,
  parse,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  type TypeNode,
} from "graphql";

const folder = new URL("../../codegen/subgraphs/", import.meta.url);

interface EntityPart {
  subgraph: string;
  node: ObjectTypeDefinitionNode | ObjectTypeExtensionNode;
}

/** Every part of every entity, by its name. */
function entities(): Map<string, EntityPart[]> {
  const parts = new Map<string, EntityPart[]>();
  for (const file of readdirSync(folder)) {
    const subgraph = file.replace(".graphql", "");
    for (const node of parse(readFileSync(new URL(file, folder), "utf8")).definitions) {
      if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
      if (!node.directives?.some(({ name }) => name.value === "key")) continue;
      parts.set(node.name.value, [...(parts.get(node.name.value) ?? []), { subgraph, node }]);
    }
  }
  return parts;
}

/** Who has the noun: the subgraph that knows most of it. */
function ownerOf(parts: readonly EntityPart[]): string {
  return parts.toSorted((a, b) => (b.node.fields?.length ?? 0) - (a.node.fields?.length ?? 0))[0]!.subgraph;
}

/** The innermost named type, and whether a value of it may be null where it stands. */
function innermost(type: TypeNode, mayBeNull = true): { name: string; mayBeNull: boolean } {
  if (type.kind === Kind.NON_NULL_TYPE) return innermost(type.type, false);
  return type.kind === Kind.LIST_TYPE ? innermost(type.type) : { name: type.name.value, mayBeNull };
}

describe("what another subgraph resolves", () => {
  const all = entities();
  const owners = new Map([...all].map(([name, parts]) => [name, ownerOf(parts)]));

  it("is known: every entity has one owner", () => {
    expect(Object.fromEntries(owners)).toMatchObject({
      App: "workflow",
      Workflow: "workflow",
      Session: "session",
      Run: "runtime",
      Agent: "agent",
    });
    expect(owners.size).toBeGreaterThan(20);
  });

  it("is nullable wherever a subgraph refers to another's entity, so that its failure blanks nothing else", () => {
    const seen: string[] = [];
    const strict: string[] = [];
    for (const file of readdirSync(folder)) {
      const subgraph = file.replace(".graphql", "");
      for (const node of parse(readFileSync(new URL(file, folder), "utf8")).definitions) {
        if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
        for (const field of node.fields ?? []) {
          const { name, mayBeNull } = innermost(field.type);
          if (owners.get(name) === undefined || owners.get(name) === subgraph) continue;
          seen.push(`${node.name.value}.${field.name.value}`);
          if (!mayBeNull) strict.push(`${subgraph}: ${node.name.value}.${field.name.value}`);
        }
      }
    }
    expect(strict).toEqual([]);
    expect(seen).toEqual(
      expect.arrayContaining(["Session.app", "Message.run", "Run.workflow", "Run.session", "AgentVersion.tools", "TeamMember.agent"]),
    );
  });

  it("is nullable wherever a subgraph adds a field to another's entity", () => {
    const added: string[] = [];
    const strict: string[] = [];
    for (const [name, parts] of all) {
      for (const { subgraph, node } of parts) {
        for (const field of node.fields ?? []) {
          if (owners.get(name) === subgraph || field.name.value === "id") continue;
          added.push(`${name}.${field.name.value}`);
          if (field.type.kind === Kind.NON_NULL_TYPE) strict.push(`${subgraph}: ${name}.${field.name.value}`);
        }
      }
    }
    expect(strict).toEqual([]);
    expect(added).toEqual(
      expect.arrayContaining(["App.runs", "Workflow.runs", "Session.runs", "Session.memories", "Agent.memories", "Agent.teams"]),
    );
  });
});

describe("the roots of the public graph", () => {
  const schema = buildSchema(readFileSync(new URL("../../codegen/schema.graphql", import.meta.url), "utf8"));

  it("are nullable, each: one that fails blanks none of the others", () => {
    const roots = [schema.getQueryType()!, schema.getMutationType()!].flatMap((type) => Object.values(type.getFields()));
    expect(roots.length).toBeGreaterThan(100);
    expect(roots.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual([]);
  });
});
