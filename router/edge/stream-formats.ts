/** How a stream of results is written into an HTTP answer, as clients ask for it in `accept`. */
import type { ExecutionResult, FormattedExecutionResult, GraphQLFormattedError } from "graphql";

/** One way to write results as they come. */
export interface StreamFormat {
  /** The type by which `accept` asks for it. */
  mediaType: string;
  contentType: string;
  begin: string;
  /** Shows that the stream lives; clients pass over it. */
  heartbeat: string;
  result(result: ExecutionResult | FormattedExecutionResult): string;
  /** The operation is over. */
  complete: string;
  /** The stream ends, and the operation is not over: the client is to subscribe again; and why, where the format has room for it. */
  cut(why: GraphQLFormattedError): string;
  /** The stream ends with an error, and the client is not to subscribe again. */
  refused(why: GraphQLFormattedError): string;
}

/** Server-sent events, in the mode of distinct connections: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md */
export const eventStream: StreamFormat = {
  mediaType: "text/event-stream",
  contentType: "text/event-stream; charset=utf-8",
  begin: ":\n\n",
  heartbeat: ":\n\n",
  result: (result) => `event: next\ndata: ${JSON.stringify(result)}\n\n`,
  // Without a line of data an EventSource would pass over it.
  complete: "event: complete\ndata:\n\n",
  // A stream that ends without "complete" was lost.
  cut: () => "",
  refused: (why) => eventStream.result({ errors: [why] }) + eventStream.complete,
};

const boundary = "\r\n--graphql";
const part = (value: object) => `\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(value)}${boundary}`;
/** An error of the stream itself, which ends it. */
const fatal = (why: GraphQLFormattedError) => `${part({ payload: null, errors: [why] })}--\r\n`;

/**
 * Apollo's multipart protocol: https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol. A part counts once the
 * boundary behind it is there, so each is written with it.
 */
export const multipart: StreamFormat = {
  mediaType: "multipart/mixed",
  contentType: 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"',
  begin: boundary,
  heartbeat: part({}),
  result: (payload) => part({ payload }),
  complete: "--\r\n",
  cut: fatal,
  refused: fatal,
};

/** The format that `accept` names, the one with the higher weight, then the first of two; undefined where it names none. */
export function formatOf(accept: string | undefined): StreamFormat | undefined {
  const named = rangesOf(accept).flatMap(({ type, weight }) => {
    const format = [eventStream, multipart].find(({ mediaType }) => mediaType === type);
    return format === undefined || weight === 0 ? [] : { format, weight };
  });
  return named.toSorted((a, b) => b.weight - a.weight)[0]?.format;
}

/** Whether an answer that is no stream is as welcome. */
export function acceptsJson(accept: string | undefined): boolean {
  const types = ["*/*", "application/*", "application/json", "application/graphql-response+json"];
  return rangesOf(accept).some(({ type, weight }) => weight > 0 && types.includes(type));
}

function rangesOf(accept = ""): { type: string; weight: number }[] {
  return accept.split(",").map((range) => {
    const [type = "", ...parameters] = range.split(";").map((text) => text.trim().toLowerCase());
    const weight = Number(parameters.find((text) => text.startsWith("q="))?.slice(2) ?? 1);
    return { type, weight: Number.isFinite(weight) ? weight : 0 };
  });
}
