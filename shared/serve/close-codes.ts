/**
 * Why a WebSocket is closed: all codes that a client may see. docs/live.md says what to do about each. Those below 4000 are the WebSocket
 * protocol's, the others graphql-transport-ws's; which of them this code sends itself, and which the libraries do, makes no difference outside.
 */
export const closeCodes = {
  /** The server stops. */
  GOING_AWAY: 1001,
  /** A frame is no WebSocket's. */
  PROTOCOL_ERROR: 1002,
  /** A message is no UTF-8. */
  NO_TEXT: 1007,
  /** A message is above the limit of bytes. */
  MESSAGE_TOO_BIG: 1009,
  /** Keys cannot be checked for the moment, too many requests came of late, or there is no room for a long message; the reason says when to come again. */
  TRY_AGAIN_LATER: 1013,
  /** A message cannot be read, or connection_init says what cannot be. */
  BAD_REQUEST: 4400,
  /** An operation came before the connection was acknowledged. */
  UNAUTHORIZED: 4401,
  /** The API key is not accepted, or is so no more; or it is not one of the tenant. */
  FORBIDDEN: 4403,
  /** The client offered no subprotocol, or another one. */
  SUBPROTOCOL_NOT_ACCEPTABLE: 4406,
  /** No connection_init came in time. */
  INITIALISATION_TIMEOUT: 4408,
  /** The id of an operation is that of one that is open. */
  SUBSCRIBER_ALREADY_EXISTS: 4409,
  /** Its reader takes so little that what waits for it cannot be kept. */
  READER_TOO_SLOW: 4413,
  /** connection_init came twice, or the key, or its tenant, has as many connections open as it may. */
  TOO_MANY: 4429,
  /** The server failed over a message. */
  INTERNAL: 4500,
} as const;

/** Why, as a close frame has room for it, which is 123 bytes: cut within a character, the mark of that needs up to three. */
export function closeReason(text: string): string {
  return Buffer.from(text).subarray(0, 120).toString();
}
