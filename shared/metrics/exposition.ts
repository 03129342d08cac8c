/** What the instruments of a process say, in Prometheus' text format; and how several processes say it as one. */
import { collectDefaultMetrics } from "prom-client";
import { registry } from "./instruments.ts";

/** The media type of the text. */
export const metricsMediaType = registry.contentType;

/** A process says no more: whoever gathers reads this of each. */
const mostCharacters = 4 << 20;

let isWatched = false;

/**
 * All that this process has counted. With the first call it begins to watch its event loop, its heap and its processor, which costs it nothing before.
 *
 * @param part  the label `part` of each sample, such as `worker 1`.
 */
export async function metricsText(part: string): Promise<string> {
  if (!isWatched) collectDefaultMetrics({ register: registry });
  isWatched = true;
  registry.setDefaultLabels({ part });
  const text = await registry.metrics();
  if (text.length > mostCharacters) throw new Error(`a process's metrics have ${text.length} characters, more than ${mostCharacters}`);
  return text;
}

/** Puts the texts of several processes together: the samples of one name stand together, as the format wants it, whatever process they are of. */
export function joinedMetrics(texts: readonly string[]): string {
  const families = new Map<string, { head: string[]; samples: string[] }>();
  let family = { head: [] as string[], samples: [] as string[] };
  for (const line of texts.flatMap((text) => text.split("\n"))) {
    const [, kind, name = ""] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? [];
    if (kind === undefined) {
      if (line !== "") family.samples.push(line);
      continue;
    }
    family = families.get(name) ?? { head: [], samples: [] };
    families.set(name, family);
    if (!family.head.some((known) => known.startsWith(`# ${kind} `))) family.head.push(line);
  }
  return [...families.values()].map(({ head, samples }) => `${[...head, ...samples].join("\n")}\n`).join("\n");
}
