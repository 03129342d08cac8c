/** Where a subgraph is served: `http://host:port[/path]`, or a Unix socket as `unix:/folder/file.sock[:/path]`. */
export interface EndpointAddress {
  /** For an undici Pool. */
  origin: string;
  socketPath: string | undefined;
  path: string;
  /** For a WebSocket. */
  webSocketUrl: string;
}

/**
 * Reads an address; the path is `/graphql` where none is given.
 *
 * @throws Error when it is neither form.
 */
export function parseEndpointAddress(text: string): EndpointAddress {
  const unix = /^unix:(\/[^:]+)(?::(\/.*))?$/.exec(text);
  if (unix?.[1] !== undefined) {
    const path = unix[2] ?? "/graphql";
    return { origin: "http://localhost", socketPath: unix[1], path, webSocketUrl: `ws+unix:${unix[1]}:${path}` };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new Error(
      `"${text}" is no address of a subgraph. Examples: http://127.0.0.1:8002/graphql, unix:/run/agent/workflow.sock:/graphql`,
    );
  }
  const path = url.pathname === "/" ? "/graphql" : url.pathname;
  return { origin: url.origin, socketPath: undefined, path, webSocketUrl: `${url.origin.replace(/^http/, "ws")}${path}` };
}
