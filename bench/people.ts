import type { BenchDsl, BenchEngine } from "./engine.ts";
import { quantile, round, type Figure } from "./figures.ts";

const waiting = 10_000;
const answers = 200;
const mostP99Ms = 100;

const question: BenchDsl = {
  nodes: [
    { id: "ask", type: "human-input", config: { text: "Go on?", form: { type: "object", properties: { n: { type: "integer" } } } } },
    { id: "done", type: "answer", config: { answer: "{{ nodes.ask.output.n }}" } },
  ],
  edges: [{ source: "ask", target: "done" }],
};

/**
 * 10,000 runs wait for persons; 200 of them are answered, one after the other, beside a worker that holds none: from the answer to the end of the run. The gate: p99 below
 * 100 ms; and what waits holds nothing in the worker.
 */
export async function benchPeople(engine: BenchEngine): Promise<Figure[]> {
  const worker = await engine.startWorker();
  try {
    const ids: string[] = [];
    while (ids.length < waiting) ids.push(...(await Promise.all(Array.from({ length: 100 }, () => engine.createPlanned(question)))));
    await engine.untilAll("WAITING", waiting);
    const [held] = await engine.select<{ leases: number; work: number }>(
      "select (select count(*)::int from runtime.run where lease is not null) as leases, (select count(*)::int from runtime.work) as work",
    );
    const latencies: number[] = [];
    for (const id of ids.slice(0, answers)) {
      const began = performance.now();
      await engine.answer(id, "ask", { n: 1 });
      await engine.whenFinished(id);
      latencies.push(performance.now() - began);
    }
    const p99 = quantile(latencies, 0.99);
    const broken = [
      ...(p99 > mostP99Ms ? [`p99 is ${round(p99)} ms`] : []),
      ...(held!.leases + held!.work > 0 ? [`${held!.leases} runs that wait are owned, ${held!.work} in the queue`] : []),
    ];
    const values = { lat_p50: round(quantile(latencies, 0.5), 2), lat_p99: round(p99, 2), leases: held!.leases };
    return [{ bench: "people", case: `${waiting} wait`, values, broken }];
  } finally {
    await worker.stop();
  }
}
