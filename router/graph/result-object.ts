/** Objects of results. Their keys are clients' and subgraphs': one may be called `constructor` or `__proto__`. */

/** An object of a result. */
export type ResultObject = Record<string, unknown>;

/** Whether it is an object, and no list. */
export const isResultObject = (value: unknown): value is ResultObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object's own value: a field called `constructor` is none of Object's. */
export function ownValue(object: ResultObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Gives the object a value of its own, under any key. */
export function setOwn(object: ResultObject, key: string, value: unknown): void {
  // An assignment to what is inherited may be no key of its own: `__proto__` would change whose child it is.
  if (key in object && !Object.hasOwn(object, key))
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/**
 * Adds to an object what another fetch brought of it: objects key by key, lists of one length item by item; anything else takes the place of what was
 * there. undefined is nothing, null is a value.
 */
export function mergeInto(target: ResultObject, source: ResultObject | null): void {
  if (source === null) return;
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (value !== undefined) setOwn(target, key, merged(ownValue(target, key), value));
  }
}

function merged(had: unknown, more: unknown): unknown {
  if (isResultObject(had) && isResultObject(more)) mergeInto(had, more);
  else if (Array.isArray(had) && Array.isArray(more) && had.length === more.length)
    more.forEach((item, i) => (had[i] = merged(had[i], item)));
  else return more;
  return had;
}
