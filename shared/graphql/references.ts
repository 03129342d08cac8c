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
  return new Set(liveEntities(entities).keys());
}

/** The same with all that was asked of them, by id. @typeParam Entity  what was asked, beside `id` and `deletedAt` */
export function liveEntities<Entity>(entities: readonly (object | null)[]): ReadonlyMap<string, Entity> {
  type Found = Entity & { id: string; deletedAt: string | null };
  const found = entities.filter((entity): entity is Found & object => entity !== null && "id" in entity);
  return new Map(found.filter(({ deletedAt }) => deletedAt === null).map((entity) => [entity.id, entity]));
}
