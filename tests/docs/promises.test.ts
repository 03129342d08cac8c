/** What the documents promise has a test: each row of their tables names a file and a part of a test's name in it. */
import { existsSync, readFileSync } from "node:fs";
import { documents } from "./documents.ts";

const heading = "## What holds, and its test";

interface Named {
  promise: string;
  file: string;
  name: string;
}

function promises(path: string): Named[] {
  const [, section = ""] = documents()
    .find((page) => page.path === path)!
    .text.split(heading);
  const rows = [...section.matchAll(/^\| ([^|]+)\| ([^|]+)\|$/gm)].slice(2);
  return rows.flatMap(([, promise = "", tests = ""]) => {
    const named = [...tests.matchAll(/`(tests\/[\w./-]+\.ts)`(?:: ([^;]*?))?\s*(?=; (?:_long_: )?`|$)/g)];
    return named.length === 0
      ? [{ promise, file: "", name: "" }]
      : named.map(([, file = "", name = ""]) => ({ promise, file, name: name.trim() }));
  });
}

describe("the promises of", () => {
  it.each(["docs/operations.md", "docs/engine.md", "docs/security.md"])("%s each have a test", (path) => {
    const named = promises(path);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ file, name }) => !existsSync(file) || !readFileSync(file, "utf8").includes(name))).toEqual([]);
  });
});
