import type { CheckedNode } from "./check-node.ts";
import type { Json } from "#shared/json.ts";
import { isRunTimeout, maxRunSeconds } from "../document.ts";
import { show, type IssueList } from "../issue.ts";

/** What the document says a run may take; undefined where it says nothing, or what cannot be, which is told. */
export function checkRunTimeout(seconds: Json | undefined, issues: IssueList): number | undefined {
  if (seconds === undefined || isRunTimeout(seconds)) return seconds;
  const rule = `is what a run may take, counted from its first node: more than 0 and at most ${maxRunSeconds} seconds`;
  issues.error("TIMEOUT_INVALID", ["timeout_seconds"], `The document's timeout_seconds ${rule}. It is ${show(seconds)}.`);
  return undefined;
}

/** Warns of nodes that may take longer than the run. */
export function checkNodesInRun(nodes: readonly CheckedNode[], seconds: number | undefined, issues: IssueList): void {
  if (seconds === undefined) return;
  for (const { id, type, index, config, timeoutSeconds } of nodes) {
    const wait = config["wait_seconds"];
    if (typeof wait === "number" && wait > seconds) {
      const message = `Node ${id} (${type}) waits ${wait} s by its config.wait_seconds, but its run ends after ${seconds} s (the document's timeout_seconds).`;
      issues.warning("TIMEOUT_CAPPED", ["nodes", index, "config", "wait_seconds"], message);
    }
    if (typeof timeoutSeconds !== "number" || timeoutSeconds <= seconds) continue;
    const message = `Node ${id} (${type}) may take ${timeoutSeconds} s by its timeout_seconds, but its run ends after ${seconds} s (the document's timeout_seconds).`;
    issues.warning("TIMEOUT_CAPPED", ["nodes", index, "timeout_seconds"], message);
  }
}

/** Warns of time-outs of tools and programs above the platform's own, which ends them earlier (S-99). Models have the time that their node gives them. */
export function checkTimeouts(nodes: readonly CheckedNode[], maxSeconds: number | undefined, issues: IssueList): void {
  if (maxSeconds === undefined) return;
  for (const { id, type, spec, index, config, timeoutSeconds } of nodes) {
    if (spec?.isCapped !== true) continue;
    const warn = (seconds: unknown, at: readonly PropertyKey[]) => {
      if (typeof seconds !== "number" || seconds <= maxSeconds) return;
      const message = `Node ${id} (${type}) may take ${seconds} s by its ${at.join(".")}, but the platform ends tools and programs after ${maxSeconds} s (AGENT_PLATFORM_MAX_TIMEOUT_SECONDS).`;
      issues.warning("TIMEOUT_CAPPED", ["nodes", index, ...at], message);
    };
    warn(config["timeout_seconds"], ["config", "timeout_seconds"]);
    warn(timeoutSeconds, ["timeout_seconds"]);
  }
}
