import { parseEnv, unknownVariables, type Env } from "#shared/config.ts";
import { accessSubgraphName, subgraphs } from "./compose/subgraphs.ts";

/**
 * Reads the environment when a command asks for it. The first time it tells, in one line, of the platform's variables that nothing reads: a
 * misspelt one would be a setting that does not hold.
 */
export function environmentReader(environment: Record<string, string | undefined>, tell: (text: string) => void): () => Env {
  let isTold = false;
  return () => {
    const unknown = isTold ? [] : unknownVariables(environment, [...Object.keys(subgraphs), accessSubgraphName]);
    isTold = true;
    const named = unknown.map(({ name, meant }) => (meant === undefined ? name : `${name} (did you mean ${meant}?)`));
    if (named.length > 0) tell(`Ignored, for nothing reads them: ${named.join(", ")}. .env.example lists what is read.`);
    return parseEnv(environment);
  };
}
