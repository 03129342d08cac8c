import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../../", import.meta.url));
const generated = [
  "codegen/graph",
  "codegen/subgraph-clients",
  "codegen/subgraphs",
  "codegen/supergraph.graphql",
  "codegen/schema.graphql",
];
const sources = ["bench", "cli", "codegen", "router", "shared", "subgraphs", "tests/e2e", "tests/testkit"];

/** The generated files of a checkout, by path. */
function generatedIn(root: string): Map<string, string> {
  const files = globSync(["codegen/{graph,subgraph-clients,subgraphs}/**/*.{ts,graphql}", "codegen/*.graphql"], { cwd: root }).sort();
  return new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

describe("codegen", () => {
  it("makes all that is generated from nothing, the same to the byte", () => {
    const root = mkdtempSync(join(tmpdir(), "agent-platform-codegen-"));
    try {
      for (const path of [...sources, "codegen.ts", "package.json", "tsconfig.json"])
        cpSync(join(project, path), join(root, path), { recursive: true });
      symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
      for (const path of generated) rmSync(join(root, path), { recursive: true });
      expect(generatedIn(root).size).toBe(0);
      execFileSync(process.execPath, ["--import", "tsx", "codegen.ts"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
      const made = generatedIn(root);
      const committed = generatedIn(project);
      expect([...made.keys()]).toEqual([...committed.keys()]);
      expect([...made].filter(([file, text]) => committed.get(file) !== text)).toEqual([]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
