import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { analyse } from "scslre";
import ts from "typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What may take more than a step a character, for what it is given is short, or an operator's. */
const bounded = {
  "shared/db/engine-login.ts": ["/^(postgres(?:ql)?:\\/\\/)(?:[^/?]*@)?(.*)$/s"],
  "subgraphs/model/openai/answer-body.ts": ["/^[\\s:\"'.-]*(ping|pong|keep[-_ ]?alive|heart-?beat|undefined|none|nil|ok)?[\\s:\"'.-]*$/i"],
  "subgraphs/skill/folders/folder.rules.ts": ["/[. ]+(?=\\/|$)/g"],
};

/** The regular expressions of a source that take the square of a text, or worse. */
function slowIn(file: string): string[] {
  const slow: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node) && isSlow(node.text)) slow.push(node.text);
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.Latest));
  return slow;
}

function isSlow(literal: string): boolean {
  const end = literal.lastIndexOf("/");
  return analyse({ source: literal.slice(1, end), flags: literal.slice(end + 1) }).reports.length > 0;
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.m?ts$|\.mjs$/.test(file) && !file.includes("migrations"))
    .map((file) => `${folder}/${file}`);
}

// Texts are strangers', and a main loop that looks at one answers nobody meanwhile: of 20,000 digits two seconds.
it("patterns of the product take a step a character, whatever the text", () => {
  const sources = ["cli", "router", "shared", "subgraphs"].flatMap(sourcesOf);
  expect(sources.length).toBeGreaterThan(500);
  expect(Object.fromEntries(sources.map((file) => [file, slowIn(file)] as const).filter(([, slow]) => slow.length > 0))).toEqual(bounded);
});

it.each(["/\\/+$/", "/^\\d+\\.?\\d*$/", "/^(a+)*$/", "/^\\s*=\\s*[^x]*x$/"])("%s would be found", (literal) => {
  expect(isSlow(literal)).toBe(true);
});
