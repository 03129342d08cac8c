import { callbackConfig } from "#shared/dsl/configs.ts";
import { receivedRoute } from "#shared/dsl/node-specs.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { NodeOutcome } from "../executor.ts";
import { waiting, waitOf } from "./waiting.ts";

/** Renders what is said of the call that is waited for. */
export function awaitCallback({ config, scope }: Given): NodeOutcome {
  const { text, wait_seconds: wait } = callbackConfig.parse(renderConfig("callback", config, scope));
  const question = { ...(text !== undefined && { text }), ...(wait !== undefined && { route: receivedRoute }) };
  return waiting({ reason: "CALLBACK", question, ...waitOf(wait) });
}

/** `callback`: waits until a machine calls the URL that `NodeRun.waiting` has; the body of that is its output. */
export const callbackNode = evaluatedNode("callback", awaitCallback);
