/** What is written about metrics, the alerts and the dashboard name what the platform says, label by label. */
import { readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";
import { metricsText } from "#shared/metrics/exposition.ts";
import { registry } from "#shared/metrics/instruments.ts";
// All that counts: the platform in one process, a worker, and what serves the metrics.
import "reflect-metadata";
import "../../cli/compose/platform.ts";
import "../../cli/compose/worker-part.ts";
import "../../cli/metrics.ts";
import { loadPlatform } from "../../cli/compose/platform.ts";

interface Known {
  labels: readonly string[];
  help: string;
}

/** Given to every sample by the process that serves it, or by Prometheus. */
const everywhere = ["part", "job", "instance"];
const known = new Map<string, Known>();

beforeAll(async () => {
  await loadPlatform();
  // Node's own are there from the first time on that somebody asks.
  await metricsText("test");
  for (const metric of registry.getMetricsAsArray()) {
    const { name, help, type, labelNames = [] } = metric as unknown as { name: string; help: string; type: string; labelNames?: string[] };
    const labels = [...labelNames, ...everywhere];
    known.set(name, { labels, help });
    if (type !== "histogram") continue;
    known.set(`${name}_bucket`, { labels: [...labels, "le"], help });
    for (const part of ["sum", "count"]) known.set(`${name}_${part}`, { labels, help });
  }
  known.set("up", { labels: everywhere, help: "" });
});

/** The metrics that an expression asks for, each with the labels that are asked of it; and the labels that it groups by. */
function readPromql(expression: string): { asked: { name: string; labels: string[] }[]; grouped: string[]; faults: string[] } {
  const text = expression.replaceAll("$__rate_interval", "5m");
  const asked: { name: string; labels: string[] }[] = [];
  const grouped: string[] = [];
  const faults: string[] = [];
  parser.parse(text).iterate({
    enter({ name, from, to, node }) {
      if (name === "⚠") faults.push(`${text.slice(0, from)}<here>${text.slice(from)}`);
      if (name === "VectorSelector") {
        const labels: string[] = [];
        node.cursor().iterate((inner) => void (inner.name === "LabelName" && labels.push(text.slice(inner.from, inner.to))));
        asked.push({ name: /^[\w:]+/.exec(text.slice(from, to))?.[0] ?? "", labels });
      }
      if (name === "GroupingLabels")
        node.cursor().iterate((inner) => void (inner.name === "LabelName" && grouped.push(text.slice(inner.from, inner.to))));
    },
  });
  return { asked, grouped, faults };
}

/** What is wrong with an expression. */
function faultsOf(expression: string): string[] {
  const { asked, grouped, faults } = readPromql(expression);
  const labels = new Set(asked.flatMap(({ name }) => known.get(name)?.labels ?? []));
  return [
    ...faults,
    ...(asked.length === 0 ? [`${expression} asks for nothing`] : []),
    ...asked.flatMap(({ name, labels: own }) => {
      const metric = known.get(name);
      if (metric === undefined) return [`there is no metric ${name}`];
      return own.filter((label) => !metric.labels.includes(label)).map((label) => `${name} has no label ${label}`);
    }),
    ...grouped.filter((label) => !labels.has(label)).map((label) => `grouped by ${label}, which nothing has`),
  ];
}

describe("an expression", () => {
  it.each([
    ["sum(agent_platform_no_such_metric)", "there is no metric agent_platform_no_such_metric"],
    ['agent_platform_queue_rows{line="runs"}', "agent_platform_queue_rows has no label line"],
    ["sum by (tenant) (agent_platform_queue_rows)", "grouped by tenant, which nothing has"],
    ["agent_platform_flush_seconds_bucket{le='1'} > > 1", "<here>"],
    ["sum(rate(agent_platform_flush_runs_total[5m]))", "there is no metric agent_platform_flush_runs_total"],
  ])("that is wrong is told: %s", (expression, fault) => {
    expect(faultsOf(expression).join("\n")).toContain(fault);
  });
});

describe("alerts", () => {
  const { groups } = parse(readFileSync("deploy/alerts.yml", "utf8")) as {
    groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);

  it.each(rules.map((rule) => [rule.alert, rule] as const))("%s asks for what there is", (_name, { expr, annotations }) => {
    expect(faultsOf(expr)).toEqual([]);
    const { asked, grouped } = readPromql(expr);
    const labels = [...grouped, ...asked.flatMap(({ name }) => known.get(name)?.labels ?? [])];
    for (const [, label] of annotations.summary.matchAll(/\$labels\.(\w+)/g)) expect(labels).toContain(label);
  });

  it("are there for all that stops a platform", () => {
    expect(rules.length).toBeGreaterThan(15);
  });
});

describe("the dashboard", () => {
  const { panels } = JSON.parse(readFileSync("deploy/grafana.json", "utf8")) as {
    panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
  };

  it.each(panels.map((panel) => [panel.title, panel] as const))("%s asks for what there is", (_title, { targets }) => {
    for (const { expr, legendFormat } of targets) {
      expect(faultsOf(expr)).toEqual([]);
      const { grouped } = readPromql(expr);
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(grouped).toContain(label);
    }
  });
});

describe("docs/metrics.md", () => {
  const text = readFileSync("docs/metrics.md", "utf8");
  const told = [...text.matchAll(/^\| `(agent_platform_\w+)` +\| (\S+) +\| (.*?) +\| (.*?) +\|$/gm)];

  it("has every metric of the platform's own, with its labels, and no other", () => {
    const own = registry.getMetricsAsArray() as unknown as { name: string; type: string; labelNames: string[] }[];
    const rows = own.filter(({ name }) => name.startsWith("agent_platform_"));
    const expected = rows.map(({ name, type, labelNames }) => [name, type, labelNames.map((label) => `\`${label}\``).join(", ") || "–"]);
    expect(told.map(([, name, type, labels]) => [name, type, labels]).sort()).toEqual(expected.sort());
  });

  it("names no tenant and nothing that a client gives", () => {
    const labels = new Set([...known.values()].flatMap((metric) => metric.labels));
    for (const label of ["tenant", "tenantId", "tenant_id", "operation", "operationName", "client", "runId", "run_id", "key"])
      expect([...labels]).not.toContain(label);
  });
});
