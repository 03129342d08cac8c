import { databaseNowMs } from "#shared/database-time.ts";
import { delayTimes } from "#shared/dsl/configs.ts";
import { maxRunSeconds } from "#shared/dsl/document.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { instantOf } from "#shared/dsl/zoned-time.ts";
import type { Json } from "#shared/json.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { NodeOutcome } from "../executor.ts";
import { failed } from "../outcome.ts";
import { waiting, waitOf } from "./waiting.ts";

/** Finds out for how long, or until when it waits. */
export function delay({ config, scope }: Given): NodeOutcome {
  const { seconds, until, zone } = renderConfig("delay", config, scope);
  if (until === undefined) return delayFor(seconds);
  delayTimes.parse({ until, zone });
  const instant = instantOf(String(until), zone === undefined ? undefined : String(zone));
  if (typeof instant === "string") return invalid(`config.until ${JSON.stringify(until).slice(0, 80)} ${instant}.`);
  if (instant > databaseNowMs() + maxRunSeconds * 1_000)
    return invalid(`config.until is ${new Date(instant).toISOString()}, more than a year away.`);
  return waiting({ reason: "TIMER", untilMs: instant });
}

function delayFor(seconds: Json | undefined): NodeOutcome {
  // A text that holds a number: what templates give that are not a lone expression.
  const value = typeof seconds === "string" && seconds.trim() !== "" ? Number(seconds) : seconds;
  if (typeof value === "number" && value >= 0 && value <= maxRunSeconds) return waiting({ reason: "TIMER", ...waitOf(value) });
  return invalid(`config.seconds gives ${JSON.stringify(seconds ?? null).slice(0, 80)}; give a number from 0 to ${maxRunSeconds}.`);
}

function invalid(message: string): NodeOutcome {
  return failed({ code: "NODE_CONFIG_INVALID", message });
}

/** `delay`: waits for a time. It costs a row, however long that is. */
export const delayNode = evaluatedNode("delay", delay);
