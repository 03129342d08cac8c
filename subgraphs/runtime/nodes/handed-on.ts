import { renderConfig } from "#shared/dsl/render-config.ts";
import { AppError } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import { RenderBudget, templateLimits } from "#shared/template/budget.ts";
import type { Given } from "./evaluation/evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { failed } from "./outcome.ts";

/** A composite whose config says what it works on, and how it fails where that is too much. */
interface Handed {
  type: "iteration" | "sub-workflow";
  /** Where it stands. */
  name: string;
  code: "ITERATION_TOO_LARGE" | "SUB_WORKFLOW_TOO_LARGE";
}

/**
 * Renders what a composite works on. A lone expression hands on what was made before: that may be as much as is kept of it, and not as little as a template may make.
 *
 * @throws AppError TEMPLATE_…
 */
export function renderHandedOn(
  { type, name, code }: Handed,
  { config, scope }: Given,
): { rendered: JsonObject } | { refused: NodeOutcome } {
  try {
    return { rendered: renderConfig(type, config, scope, new RenderBudget({ handsOn: true })) };
  } catch (cause) {
    const isTooLarge = cause instanceof AppError && cause.reason === "TEMPLATE_TOO_LARGE";
    const { handedOnBytes } = templateLimits;
    if (!isTooLarge || cause.facts["limitBytes"] !== handedOnBytes) throw cause;
    const message = `${name} takes more than ${handedOnBytes} bytes; give references, such as ids or URLs, and read what is large where it is worked on.`;
    return { refused: failed({ code, message }) };
  }
}
