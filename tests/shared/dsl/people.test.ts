import { formFault } from "#shared/json/form.ts";
import { validateDsl } from "#shared/dsl/validate.ts";

const answer = (id: string) => ({ id, type: "answer", config: { answer: "x" } });
const human = (config: object, more: object = {}) => ({ id: "ask", type: "human-input", config: { text: "?", ...config }, ...more });
const edge = (condition?: string) => ({ source: "ask", target: "next", ...(condition !== undefined && { condition }) });
const found = (node: object, ...edges: object[]) =>
  validateDsl({ nodes: [node, answer("next")], edges }, { formFault }).map(({ severity, code, path }) => `${severity} ${code} ${path}`);
const form = (properties: object) => ({ type: "object", properties });

const delay = (config: object) => ({ id: "ask", type: "delay", config });
const wrong = (key: string) => [`ERROR CONFIG_INVALID /nodes/0/config/${key}`];
/** A time that is no template is known before anybody runs it. */
const delays: [string, object, object[], string[]][] = [
  ["a time in a zone", delay({ until: "2027-03-28T02:30", zone: "Europe/Berlin" }), [edge()], []],
  ["a time in a zone that is known later", delay({ until: "2027-03-28T02:30", zone: "{{ input.zone }}" }), [edge()], []],
  ["a time that is known later", delay({ until: "{{ input.day }}T09:00", zone: "Europe/Berlin" }), [edge()], []],
  ["no time", delay({ until: "tomorrow" }), [edge()], wrong("until")],
  ["no day of the calendar", delay({ until: "2027-02-30", zone: "UTC" }), [edge()], wrong("until")],
  ["a time of no zone", delay({ until: "2027-03-28T02:30" }), [edge()], wrong("until")],
  ["no zone", delay({ until: "2027-03-28T02:30", zone: "Mars/Base" }), [edge()], wrong("zone")],
  ["no zone, of a time that is known later", delay({ until: "{{ input.day }}", zone: "Mars/Base" }), [edge()], wrong("zone")],
];

describe("nodes that wait, in a document", () => {
  it.each([
    ["a question without a way to choose", human({}), [edge()], []],
    ["actions are routes", human({ actions: [{ id: "a" }, { id: "b" }] }), [edge("a"), edge("b")], []],
    ["an end of the wait is one", human({ actions: [{ id: "a" }], wait_seconds: 5 }), [edge("a"), edge("timeout")], []],
    ["without actions there is submit", human({ wait_seconds: 5 }), [edge("submit"), edge("timeout")], []],
    ["which needs a condition", human({ wait_seconds: 5 }), [edge()], ["ERROR CONDITION_MISSING /edges/0"]],
    ["and timeout an end", human({ actions: [{ id: "a" }] }), [edge("a"), edge("timeout")], ["ERROR CONDITION_INVALID /edges/1/condition"]],
    ["nothing follows on a route", human({ actions: [{ id: "a" }, { id: "b" }] }), [edge("a")], ["WARNING ROUTE_MISSING /nodes/0"]],
    ["a callback that ends", { id: "ask", type: "callback", config: { wait_seconds: 5 } }, [edge("received"), edge("timeout")], []],
    ["one that does not", { id: "ask", type: "callback", config: {} }, [edge()], []],
    ["a form with templates is known later", human({ form: "{{ input.form }}" }), [edge()], []],
    ["a form that cannot be", human({ form: form({ n: { type: "no" } }) }), [edge()], ["ERROR CONFIG_INVALID /nodes/0/config/form"]],
    ["a form of no object", human({ form: { type: "string" } }), [edge()], ["ERROR CONFIG_INVALID /nodes/0/config/form"]],
    ["a property action", human({ form: form({ action: {} }) }), [edge()], ["ERROR CONFIG_INVALID /nodes/0/config/form"]],
    [
      "a route of its own",
      human({ actions: [{ id: "timeout" }] }),
      [edge("timeout")],
      ["ERROR CONFIG_INVALID /nodes/0/config/actions/0/id"],
    ],
    ["two of one id", human({ actions: [{ id: "a" }, { id: "a" }] }), [edge("a")], ["ERROR CONFIG_INVALID /nodes/0/config/actions/1/id"]],
    [
      "more than a year",
      human({ wait_seconds: 31_622_401 }),
      [edge("submit"), edge("timeout")],
      ["ERROR CONFIG_INVALID /nodes/0/config/wait_seconds"],
    ],
    ["a time for an attempt", human({}, { timeout_seconds: 5 }), [edge()], ["ERROR NODE_INVALID /nodes/0/timeout_seconds"]],
    ["a second attempt", human({}, { retry: { max_attempts: 2 } }), [edge()], ["ERROR NODE_INVALID /nodes/0/retry"]],
    ["a delay for no time", { id: "ask", type: "delay", config: {} }, [edge()], ["ERROR CONFIG_MISSING /nodes/0/config"]],
    [
      "a delay of both",
      { id: "ask", type: "delay", config: { seconds: 1, until: "2026-01-01Z" } },
      [edge()],
      ["WARNING CONFIG_IGNORED /nodes/0/config/seconds"],
    ],
    ...delays,
    [
      "a policy",
      { id: "ask", type: "tool", config: { url: "http://x", requires_approval: "arguments.amount > input.most" } },
      [edge()],
      [],
    ],
    [
      "a policy that is none",
      { id: "ask", type: "tool", config: { url: "http://x", requires_approval: "arguments.amount >" } },
      [edge()],
      ["ERROR EXPRESSION_INVALID /nodes/0/config/requires_approval"],
    ],
    ["a request without a URL", { id: "ask", type: "http-request", config: {} }, [edge()], ["ERROR CONFIG_MISSING /nodes/0/config/url"]],
  ])("%s", (_, node, edges, problems) => {
    const routes = found(node, ...edges).filter((issue) => problems.length > 0 || !issue.includes("EDGE_DUPLICATE"));
    expect(routes).toEqual(expect.arrayContaining(problems));
    if (problems.length === 0) expect(routes).toEqual([]);
  });

  it("warns of a wait that is longer than its run", () => {
    const issues = validateDsl({ nodes: [human({ wait_seconds: 100 })], edges: [], timeout_seconds: 50 });
    expect(issues).toMatchObject([{ severity: "WARNING", code: "TIMEOUT_CAPPED", path: "/nodes/0/config/wait_seconds" }]);
  });
});
