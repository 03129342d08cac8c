/**
 * Fetches that failed as a whole, by the objects whose fields they were to bring. Which of these fields the client asked for is seen when the
 * answer is shaped; each of them is then told with its own path, so that nobody takes its null for "there is none".
 */
import type { GraphQLError } from "graphql";

/** A fetch that failed, or failed for some of the objects that it was sent for. */
export interface Failure {
  /** For the client; its path is that of the objects, where there is one. */
  error: GraphQLError;
  /** The fields that were to be fetched. */
  names: ReadonlySet<string>;
}

/** A field that is null because of a failure. */
export interface FailedField {
  failure: Failure;
  path: (string | number)[];
}

/** The failures of one operation. */
export class Failures {
  readonly #byObject = new Map<object, Failure[]>();
  readonly #all: Failure[] = [];

  get all(): readonly Failure[] {
    return this.#all;
  }

  add(objects: Iterable<object>, failure: Failure): void {
    this.#all.push(failure);
    for (const object of objects) {
      const known = this.#byObject.get(object);
      if (known === undefined) this.#byObject.set(object, [failure]);
      else known.push(failure);
    }
  }

  /** Why a field of an object is not there: its own fetch failed, or one of another field, without which this one could not be asked for. */
  of(object: object, name: string): Failure | undefined {
    const known = this.#byObject.get(object);
    return known?.find(({ names }) => names.has(name)) ?? known?.[0];
  }
}
