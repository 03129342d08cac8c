import { AppError } from "#shared/errors.ts";
import { storableOutcome } from "../../../subgraphs/runtime/nodes/storable.ts";
import { toolNode } from "../../../subgraphs/runtime/nodes/tool.node.ts";
import { fakeNodeContext, ScriptedTool } from "../../testkit/node-context.ts";

const config = {
  tool_binding_id: "binding-1",
  path: "/products/{{ input.id }}",
  query: { limit: 5, tag: "{{ state.tag }}" },
  body: { wanted: "{{ input.filter }}" },
  headers: { "X-Who": "{{ input.id }}" },
};
const scope = { input: { id: "p1", filter: { min: 3 } }, state: { tag: "new" } };
const resolved = {
  tool_id: "t",
  tool_code: "search",
  tool_version_id: "v",
  tool_binding_id: "binding-1",
  method: "GET",
  url: "http://shop/products/p1",
};

describe("a tool node", () => {
  it("renders its config and hands it to the tool subgraph with the key of the node run (S-89 to S-95)", async () => {
    const tool = new ScriptedTool(() => ({ resolved }));
    const context = fakeNodeContext({ config, scope, ports: { tool } });
    await toolNode.run(context);
    expect(tool.requests).toEqual([
      {
        toolBindingId: "binding-1",
        config: { path: "/products/p1", query: { limit: 5, tag: "new" }, body: { wanted: { min: 3 } }, headers: { "X-Who": "p1" } },
      },
    ]);
    expect(tool.calls).toMatchObject([{ tenantId: "acme", idempotencyKey: "run-1:n", traceparent: expect.stringMatching(/^00-/) }]);
  });

  it("keeps what was resolved beside the answer (S-55), within a TOOL span", async () => {
    const tool = new ScriptedTool(() => ({
      resolved,
      outputText: '{"a":1}',
      outputJson: { a: 1 },
      headers: { "x-h": "1" },
      durationMs: 9,
    }));
    const context = fakeNodeContext({ config, scope, ports: { tool } });
    expect(await toolNode.run(context)).toEqual({
      kind: "completed",
      outputText: '{"a":1}',
      outputJson: { tool: resolved, ok: true, status: 200, headers: { "x-h": "1" }, body: { a: 1 }, duration_ms: 9 },
    });
    expect(context.spans).toMatchObject([
      { spanType: "TOOL", ends: 1, attributes: { "http.response.status_code": 200, tool_code: "search" } },
    ]);
  });

  it("gives a text answer as the body, with what cannot be stored made visible", async () => {
    const tool = new ScriptedTool(() => ({ outputText: "plain\u0000" }));
    const outcome = await toolNode.run(fakeNodeContext({ config, scope, ports: { tool } }));
    expect(storableOutcome(outcome).outcome).toMatchObject({
      outputText: "plain\ufffd",
      outputJson: { body: "plain\ufffd" },
      notes: { replaced_characters: 2 },
    });
  });

  it("fails on an HTTP error with the answer kept, and waits as it is asked to", async () => {
    const tool = new ScriptedTool(() => ({
      ok: false,
      status: 429,
      errorCode: "TOOL_HTTP_ERROR",
      errorMessage: "HTTP 429",
      outputText: "slow down",
      headers: { "retry-after": "2" },
      resolved,
    }));
    const context = fakeNodeContext({ config, scope, ports: { tool } });
    expect(await toolNode.run(context)).toMatchObject({
      kind: "failed",
      code: "TOOL_HTTP_ERROR",
      message: "HTTP 429",
      retryable: true,
      retryAfterMs: 2_000,
      outputJson: { status: 429, body: "slow down", tool: resolved },
    });
    expect(context.spans).toMatchObject([{ errorCode: "TOOL_HTTP_ERROR", ends: 1 }]);
  });

  it("fails with the tool subgraph's reason when nothing could be called", async () => {
    const tool = new ScriptedTool(() => {
      throw new AppError("TIMEOUT", "FETCH_TIMEOUT", "Too slow.", { retryable: true, effectUnknown: true });
    });
    const context = fakeNodeContext({ config, scope, ports: { tool } });
    expect(await toolNode.run(context)).toMatchObject({ kind: "failed", code: "FETCH_TIMEOUT", retryable: true, effectUnknown: true });
    expect(context.spans).toMatchObject([{ errorCode: "FETCH_TIMEOUT", ends: 1 }]);
  });

  it("fails where the plan found no tool of its code", async () => {
    expect(await toolNode.run(fakeNodeContext({ config: { tool_code: "search" } }))).toMatchObject({
      kind: "failed",
      code: "TOOL_NOT_RESOLVED",
      message: expect.stringContaining("search"),
      retryable: false,
    });
  });

  it("calls nothing in a dry run, and shows what it would have called", async () => {
    expect(await toolNode.run(fakeNodeContext({ config, scope, dryRun: true }))).toMatchObject({
      kind: "completed",
      outputText: "[dry run]",
      outputJson: { dry_run: true, request: { toolBindingId: "binding-1", config: { path: "/products/p1" } } },
    });
  });

  it("shows no credential of its config in a dry run", async () => {
    const config = {
      url: "http://me:s3cret@shop/?access_token=s3cret&q=lamp",
      query: { key: "s3cret", page: 2 },
      headers: { Authorization: "Bearer {{ input.id }}s3cret", "Ocp-Apim-Subscription-Key": "s3cret", "x-lang": "en" },
    };
    const outcome = await toolNode.run(fakeNodeContext({ config, scope, dryRun: true }));
    expect(outcome).toMatchObject({
      outputJson: {
        request: {
          config: {
            url: "http://shop/?access_token=***&q=lamp",
            query: { key: "***", page: 2 },
            headers: { Authorization: "***", "Ocp-Apim-Subscription-Key": "***", "x-lang": "en" },
          },
        },
      },
    });
    expect(JSON.stringify(outcome)).not.toContain("s3cret");
  });

  it("ends soon after it was stopped, its effect unknown", async () => {
    const stop = new AbortController();
    const tool = new ScriptedTool((_request, call) => {
      stop.abort();
      return Promise.reject(call.signal.reason as Error);
    });
    const context = fakeNodeContext({ config, scope, signal: stop.signal, ports: { tool } });
    expect(await toolNode.run(context)).toMatchObject({ kind: "failed", code: "NODE_CANCELLED", effectUnknown: true });
    expect(context.spans).toMatchObject([{ errorCode: "CANCELLED", ends: 1 }]);
  });
});
