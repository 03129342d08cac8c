/** The interface of whatever has an id of its own. A type needs not say that it has it: whatever other subgraphs can refer to by id has. */
import { Kind, parse, type DirectiveNode, type DocumentNode, type NamedTypeNode, type ObjectTypeDefinitionNode } from "graphql";

const nodeInterface = parse(`
  "Whatever has an id of its own: what a client's cache may keep under it."
  interface Node {
    "Opaque, and no other thing of the graph has it."
    id: ID!
  }
`).definitions;

const node: NamedTypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: "Node" } };

/** Gives every entity with the key `id` the interface Node. */
export function withNodeInterface(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION && isEntity(definition)
      ? { ...definition, interfaces: [...(definition.interfaces ?? []), node] }
      : definition,
  );
  return { ...document, definitions: [...definitions, ...nodeInterface] };
}

const isEntity = ({ directives = [] }: ObjectTypeDefinitionNode) => directives.some(isKeyOfId);

function isKeyOfId({ name, arguments: given = [] }: DirectiveNode): boolean {
  return name.value === "key" && given.some(({ value }) => value.kind === Kind.STRING && value.value === "id");
}
