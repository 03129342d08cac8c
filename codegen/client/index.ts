/** The package `@agent-platform/client` as others import it. */
export { createClient } from "./client.ts";
export type { ClientOptions, GraphClient, OperationOptions, SubscriptionOptions } from "./client.ts";
export type { DocumentString, TypedDocument } from "./document.ts";
export { GraphqlRequestError, TransportError } from "./errors.ts";
export type { GraphqlErrorShape } from "./errors.ts";
export type { Loss } from "./loss.ts";
export type { WebSocketClass } from "./socket.ts";
