/** The runs that a process makes, or executes, before it says that it is ready, so that the first of others are not slow. They are nobody's, and nothing of them is stored. */
import type { PlanDocument } from "../engine/plan.ts";
import { freezePlan, type FrozenPlan } from "./frozen-plan.ts";

/** The tenant of them. No request has its name: an id begins with a letter or a digit. */
export const nobody = "-rehearsal";

/** The input of the one at a place. */
export function rehearsedInput(place: number): { name: string; count: number } {
  return { name: "you", count: place % 4 };
}

/** Pure nodes as most workflows have them: nothing outside is asked. */
const document: PlanDocument = {
  nodes: [
    { id: "greet", type: "template-transform", config: { template: "Hello {{ input.name | upcase }}" } },
    { id: "cut", type: "template-transform", config: { template: "{{ nodes.greet.text | slice: 0, 20 }}: {{ input.count }}" } },
    { id: "check", type: "if-else", config: { expression: "input.count >= 2" } },
    {
      id: "many",
      type: "template-transform",
      config: { template: "{% if input.count > 2 %}{{ nodes.cut.text }}{% else %}two{% endif %}" },
    },
    { id: "few", type: "template-transform", config: { template: "{{ nodes.cut.text }}" } },
    { id: "end", type: "template-transform", config: { template: "{{ nodes.many.text }}" } },
  ],
  edges: [
    { source: "greet", target: "cut" },
    { source: "cut", target: "check" },
    { source: "check", target: "many", condition: "true" },
    { source: "check", target: "few", condition: "false" },
    { source: "many", target: "end" },
  ],
};

/** Their plan. @param salt  makes it another: two transactions that store the same plan wait for each other. */
export function rehearsedPlan(salt = ""): FrozenPlan & { document: PlanDocument } {
  return { ...freezePlan(nobody + salt, document), document };
}
