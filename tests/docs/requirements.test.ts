/** The numbers that code and tests cite are those of docs/requirements.md. */
import { readFileSync } from "node:fs";
import { read } from "./documents.ts";

const listed = [...readFileSync("docs/requirements.md", "utf8").matchAll(/^- \*\*S-(\d+)\*\* \S/gm)].map(([, number]) => Number(number));

describe("requirements", () => {
  it("are numbered through, each number once", () => {
    expect(listed).toEqual(listed.map((_, index) => index + 1));
    expect(listed.length).toBeGreaterThan(100);
  });

  it("has every number that is cited, the last of a range too", () => {
    const sources = read(["{shared,subgraphs,router,cli,codegen,tests,bench,scripts}/**/*.{ts,mjs,js,py,md}", "*.{ts,md}", "docs/**/*.md"]);
    const cited = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/\bS-(\d+)\b/g)].map(([, number]) => ({ path, number: Number(number) })),
    );
    expect(cited.filter(({ path }) => !path.startsWith("docs/")).length).toBeGreaterThan(200);
    expect(cited.filter(({ number }) => !listed.includes(number))).toEqual([]);
  });
});
