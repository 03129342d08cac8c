import { z } from "zod";
import { AppError } from "#shared/errors.ts";
import { completed, failed, failureOf, outsideNode, pureNode, stopped } from "../../../subgraphs/runtime/nodes/outcome.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

const context = (signal?: AbortSignal) => fakeNodeContext({ config: {}, ...(signal ? { signal } : {}) });

describe("an outcome", () => {
  it("of a failure may not pass by itself, unless it says so", () => {
    expect(failed({ code: "X", message: "x" })).toEqual({ kind: "failed", code: "X", message: "x", retryable: false });
    expect(failed({ code: "X", message: "x", retryable: true })).toMatchObject({ retryable: true });
  });

  it("of an AppError is its reason with the facts about trying again", () => {
    const error = new AppError("TIMEOUT", "SLOW", "Too slow.", { retryable: true, retryAfterMs: 5, effectUnknown: true, other: 1 });
    expect(failureOf(error)).toEqual({
      kind: "failed",
      code: "SLOW",
      message: "Too slow.",
      retryable: true,
      retryAfterMs: 5,
      effectUnknown: true,
    });
  });

  it.each([
    ["a subgraph that was lost", "SUBSCRIPTION_UPSTREAM_LOST", { serviceName: "model", effectUnknown: true }],
    ["a subgraph that is away", "SUBGRAPH_UNREACHABLE", { serviceName: "tool", effectUnknown: false }],
    ["the database", "DATABASE_UNAVAILABLE", {}],
    ["the database of a subgraph, which may have stored something of its own", "DATABASE_UNAVAILABLE", { effectUnknown: true }],
  ])("of a fault of the platform is an interruption and no failure, whatever retry says: %s", (_what, reason, facts) => {
    const error = new AppError("DOWNSTREAM_UNAVAILABLE", reason, "Subscribe again.", { ...facts, retryable: true, platformFault: true });
    for (const atMostOnce of [false, true])
      expect(failureOf(error, { atMostOnce })).toEqual({
        kind: "interrupted",
        code: reason,
        // No word of what a subscriber should do: it is read by who looks at the node run.
        message: expect.stringMatching(
          /^(The platform's \w+ subgraph|A part of the platform) could not be reached, or was lost .*called again/,
        ),
        ...("serviceName" in facts && facts.effectUnknown && { effectUnknown: true }),
      });
  });

  it("of a config that does not fit names the place", () => {
    const { error } = z.object({ top_k: z.number() }).safeParse({ top_k: "x" });
    expect(failureOf(error)).toMatchObject({ code: "NODE_CONFIG_INVALID", message: expect.stringContaining("top_k") });
  });

  it("of a template that gave nothing says so", () => {
    const { error } = z.object({ url: z.string().min(1) }).safeParse({ url: "" });
    const message = "The node's config does not fit: url: it is empty once its template is rendered.";
    expect(failureOf(error)).toMatchObject({ code: "NODE_CONFIG_INVALID", message });
  });

  it("of a bug is an exception", async () => {
    const bug = new TypeError("bug");
    const run = () => {
      throw bug;
    };
    expect(() => pureNode(run).run(context())).toThrow(bug);
    await expect(outsideNode(async () => run()).run(context())).rejects.toThrow(bug);
  });

  it("of a node whose signal fired says so, whatever was thrown, and that the effect is unknown", async () => {
    const stop = new AbortController();
    stop.abort();
    const outcome = await outsideNode(async () => {
      throw new TypeError("socket gone");
    }).run(context(stop.signal));
    expect(outcome).toMatchObject({ kind: "failed", code: "NODE_CANCELLED", retryable: false, effectUnknown: true });
  });

  it("of a deadline is a time-out; of an abort with an AppError is that error", () => {
    expect(stopped(AbortSignal.abort(new DOMException("late", "TimeoutError")))).toMatchObject({ code: "NODE_TIMEOUT", retryable: true });
    const reason = new AppError("CONFLICT", "LEASE_LOST", "Lost.", { retryable: false });
    expect(stopped(AbortSignal.abort(reason))).toMatchObject({ code: "LEASE_LOST", retryable: false, effectUnknown: true });
  });
});

describe("a pure node", () => {
  it("gives its outcome at once, not as a promise", () => {
    expect(pureNode(() => completed({ outputText: "now" })).run(context())).toEqual({ kind: "completed", outputText: "now" });
  });
});
