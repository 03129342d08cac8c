import { humanInputConfig } from "#shared/dsl/configs.ts";
import { formFault } from "#shared/json/form.ts";
import { submitRoute } from "#shared/dsl/node-specs.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { NodeOutcome } from "../executor.ts";
import { failed } from "../outcome.ts";
import { waiting, waitOf } from "./waiting.ts";

/** Renders what the person is asked. */
export function askPerson({ config, scope }: Given): NodeOutcome {
  const { text, form, assignees, actions, wait_seconds: wait } = humanInputConfig.parse(renderConfig("human-input", config, scope));
  const fault = form === undefined ? undefined : formFault(form);
  if (fault !== undefined) return failed({ code: "NODE_CONFIG_INVALID", message: `config.form ${fault}.` });
  const question = {
    ...(text !== undefined && { text }),
    ...(form !== undefined && { form }),
    ...(assignees !== undefined && { assignees: assignees as string[] }),
    ...(actions !== undefined && { actions: actions.map(({ id, label }) => ({ id, ...(label !== undefined && { label }) })) }),
    ...(actions === undefined && wait !== undefined && { route: submitRoute }),
  };
  return waiting({ reason: "PERSON", question, ...waitOf(wait) });
}

/** `human-input`: waits for a person. What they fill in is its output, and the action that they take its route. */
export const humanInputNode = evaluatedNode("human-input", askPerson, ({ form }) => form !== undefined);
