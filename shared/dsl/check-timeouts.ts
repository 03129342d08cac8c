import type { CheckedNode } from "./check-node.ts";
import type { IssueList } from "./issue.ts";

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
