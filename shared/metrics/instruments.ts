/**
 * What a process counts of itself, for whoever asks at `/metrics` (exposition.ts). An instrument is made once, beside what it measures, and counts whether or
 * not anybody asks: it is counted by the statement and the operation, never by the node, and costs less than a microsecond. Labels are closed lists: no
 * tenant, no name that a client gives, no id.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Of this process. */
export const registry = new Registry();

interface Named<Label extends string> {
  /** Without the prefix; a counter ends in `_total`, what has a unit in `_seconds` or `_bytes`. */
  name: string;
  help: string;
  labels?: readonly Label[];
}

const prefix = "agent_platform_";

/** Statements and operations, from a millisecond to a minute. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
/** Of rows that share a statement. */
const sizeBuckets = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/** Makes a counter. */
export function counter<Label extends string = never>({ name, help, labels = [] }: Named<Label>): Counter<Label> {
  return new Counter({ name: prefix + name, help, labelNames: labels, registers: [registry] });
}

/** Makes a histogram of seconds. */
export function secondsHistogram<Label extends string = never>({ name, help, labels = [] }: Named<Label>): Histogram<Label> {
  return new Histogram({ name: prefix + name, help, labelNames: labels, buckets: secondsBuckets, registers: [registry] });
}

/** Makes a histogram of how many rows share a statement. */
export function sizeHistogram<Label extends string = never>({ name, help, labels = [] }: Named<Label>): Histogram<Label> {
  return new Histogram({ name: prefix + name, help, labelNames: labels, buckets: sizeBuckets, registers: [registry] });
}

/** A value with its labels. */
export type Sample<Label extends string> = { value: number } & { labels: Readonly<Record<Label, string>> };

/** A gauge whose values are looked up when it is asked for: the sum of all sources that say the same labels. */
export interface ReadGauge<Label extends string> {
  /** @returns what takes the source away again. */
  add(source: () => readonly Sample<Label>[] | Promise<readonly Sample<Label>[]>): () => void;
}

/** Makes a gauge that is read from its sources. A source that fails has no value. */
export function readGauge<Label extends string = never>({ name, help, labels = [] }: Named<Label>): ReadGauge<Label> {
  const sources = new Set<() => readonly Sample<Label>[] | Promise<readonly Sample<Label>[]>>();
  const gauge = new Gauge<string>({
    name: prefix + name,
    help,
    labelNames: labels,
    registers: [registry],
    async collect() {
      const read = await Promise.all([...sources].map(async (source) => source()).map((samples) => samples.catch(() => [])));
      gauge.reset();
      // One without labels has a 0 from its reset on, which nobody has said.
      if (labels.length === 0) gauge.remove();
      for (const { value, labels: said } of read.flat()) gauge.inc(said, value);
    },
  });
  return {
    add(source) {
      sources.add(source);
      return () => void sources.delete(source);
    },
  };
}
