/** What a client introduces itself with over a WebSocket. Names are those of headers, so that their case means nothing here either. */
export type ConnectionParams = Record<string, unknown>;

/** One of them, by its name in small letters; as it is written there first, for a client may send two that differ in their case alone. */
export function paramOf(params: ConnectionParams, name: string): unknown {
  if (Object.hasOwn(params, name)) return params[name];
  const written = Object.keys(params).find((given) => given.toLowerCase() === name);
  return written === undefined ? undefined : params[written];
}
