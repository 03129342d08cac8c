import { globSync, readFileSync } from "node:fs";

/** A page of the project's documentation. */
export interface Page {
  /** From the root, such as docs/errors.md. */
  path: string;
  text: string;
}

/** Everything that is written for readers. */
export function documents(): Page[] {
  return read(["README.md", "docs/**/*.md", "subgraphs/*/README.md", "router/README.md", "shared/README.md", "codegen/client/README.md"]);
}

/** The project's own sources, by pattern. */
export function read(patterns: string[]): Page[] {
  return patterns.flatMap((pattern) => globSync(pattern)).map((path) => ({ path, text: readFileSync(path, "utf8") }));
}
