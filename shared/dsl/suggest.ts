import { closestMatch } from "leven";

/** Each look-up compares with all that is known: after these a document has other problems. */
const lookups = 50;

/** What somebody meant who wrote a name that is not known; undefined where no known one is written nearly so. */
export type Suggest = (written: string) => string | undefined;

/** Suggests one of the known names: one that differs in case, hyphens and underscores, else one within two slips, which are a third of it at most. */
export function suggester(known: readonly string[]): Suggest {
  const loosely = new Map(known.map((name) => [looselyWritten(name), name]));
  let left = lookups;
  return (written) => {
    const same = loosely.get(looselyWritten(written));
    if (same !== undefined || left === 0) return same;
    left -= 1;
    return closestMatch(written, known, { maxDistance: Math.min(2, Math.floor(written.length / 3)) });
  };
}

function looselyWritten(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, "");
}
