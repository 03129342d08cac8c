import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { GraphQLError, parse, type ExecutionResult } from "graphql";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";

const document = parse("subscription { told }") as TypedDocumentNode<{ told: string }, Record<string, never>>;

/** A registry with one subgraph, which answers subscriptions as the test says. */
function setup(answer: Promise<ExecutionResult>) {
  const registry = new EndpointRegistry();
  registry.register({
    name: "teller",
    sdl: "",
    execute: () => Promise.resolve({}),
    subscribe: () => answer,
    health: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  return registry.subscribe({ subgraph: "teller", document, variables: {}, info: { tenantId: "t1", requestId: "r1" } });
}

const refusal: ExecutionResult = {
  errors: [
    new GraphQLError("No provider.", { extensions: { code: "CONFLICT", reason: "MODEL_PROVIDER_NOT_CONFIGURED", retryable: false } }),
  ],
};

describe("a subscription of one subgraph on another", () => {
  it("that is refused rejects whoever pulls, with the reason and its facts", async () => {
    await expect(setup(Promise.resolve(refusal)).next()).rejects.toMatchObject({
      code: "CONFLICT",
      reason: "MODEL_PROVIDER_NOT_CONFIGURED",
      facts: { retryable: false, subgraph: "teller" },
    });
  });

  it("that is left before its refusal comes ends without an error, which nobody would handle", async () => {
    const answer = Promise.withResolvers<ExecutionResult>();
    const stream = setup(answer.promise);
    const left = stream.return!();
    answer.resolve(refusal);
    expect(await left).toEqual({ done: true, value: undefined });
  });
});
