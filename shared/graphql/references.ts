/**
 * Things of another subgraph, asked for by id through its `_entities`: one request there and one statement, however many ids, and no field
 * of its schema only for this.
 */

/** One thing of another subgraph, as `_entities` takes it. */
export interface Representation {
  __typename: string;
  id: string;
}

/** What `_entities` is asked with: each id once. */
export function representationsOf(type: string, ids: readonly string[]): Representation[] {
  return [...new Set(ids)].map((id) => ({ __typename: type, id }));
}

/** The ids of what is there, of an answer with `id` and `deletedAt`: null stands for what is not, and what was deleted is not there either. */
export function liveIds(entities: readonly (object | null)[]): ReadonlySet<string> {
  const found = entities.filter((entity): entity is { id: string; deletedAt: string | null } => entity !== null && "id" in entity);
  return new Set(found.filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id));
}
