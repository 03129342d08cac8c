/** The front matter of a SKILL.md: YAML between two lines of `---`, as the Agent Skills format has it. */
import { isScalar, LineCounter, parseDocument, visit, type Document } from "yaml";
import * as z from "zod";
import { excerpt } from "#shared/fields.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";

const limits = { name: 64, description: 1_024, compatibility: 500, allowedTools: 2_000, characters: 8_192 } as const;
/** Of what is wrong so much is told. */
const problemsTold = 10;
const namePattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

const text = (most: number) => z.string(`give a text`).trim().min(1, "it is empty").max(most, `it has more than ${most} characters`);

const frontMatter = z.object({
  name: text(limits.name).regex(namePattern, "use small letters a to z, digits and single hyphens between them, such as pdf-forms"),
  description: text(limits.description),
  license: text(limits.compatibility).optional(),
  compatibility: text(limits.compatibility).optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()], "give a text, a number, true or false")).optional(),
  "allowed-tools": text(limits.allowedTools).optional(),
});

/** What a SKILL.md says of its skill. */
export type FrontMatter = z.infer<typeof frontMatter>;

/**
 * Reads it; keys that the format does not have are passed over. It is read in this process's main loop, so its size is bounded: 8,192 characters, twice what the keys of the
 * format take with some metadata.
 *
 * @param refused  makes the error of a problem; it is thrown
 */
export function readFrontMatter(text: string, refused: (problem: string) => Error): FrontMatter {
  const value = yamlObject(yamlOf(text, refused), refused);
  const read = frontMatter.safeParse(value);
  if (read.success) return read.data;
  const { issues } = read.error;
  const problems = issues
    .slice(0, problemsTold)
    .map((issue) => `${excerpt(issue.path.map(String).join("."))}: ${problemOf(issue, valueAt(issue.path, value))}`);
  const more = issues.length > problemsTold ? [`and ${issues.length - problemsTold} more`] : [];
  throw refused([...problems, ...more].join("; "));
}

function yamlOf(text: string, refused: (problem: string) => Error): string {
  const [begin] = /^\ufeff?---[ \t]*\r?\n/.exec(text) ?? [];
  if (begin === undefined)
    throw refused("it has no front matter. Let it begin with a line ---, then name: and description:, then another line ---");
  const rest = text.slice(begin.length, begin.length + limits.characters);
  const end = /(?:^|\n)---[ \t]*(?:\r?\n|$)/.exec(rest);
  if (end !== null) return rest.slice(0, end.index);
  const isCut = text.length > begin.length + limits.characters;
  throw refused(
    isCut
      ? `its front matter has more than ${limits.characters} characters. Put what is long behind it, or into a file of its own`
      : "its front matter has no end. Put a line --- behind it",
  );
}

function yamlObject(yaml: string, refused: (problem: string) => Error): JsonObject {
  const lineCounter = new LineCounter();
  // Keys that are there twice yaml looks for by comparing each with each.
  const document = parseDocument(yaml, { schema: "core", prettyErrors: false, logLevel: "error", uniqueKeys: false, lineCounter });
  const [error] = document.errors;
  // The first line of the file is the one before.
  if (error !== undefined)
    throw refused(
      `its front matter is no YAML: line ${lineCounter.linePos(error.pos[0]).line + 1}: ${excerpt(error.message)}. Put a text that has a colon into quotes`,
    );
  const value = plainValue(document, refused);
  if (!isJsonObject(value)) throw refused("its front matter has no keys; give name: and description:");
  return value;
}

function plainValue(document: Document.Parsed, refused: (problem: string) => Error): unknown {
  let twice: string | undefined;
  try {
    twice = keyThatIsTwice(document);
    // Of names for values a few: one that stands for ten that each stand for ten would be a bomb.
    const value: unknown = document.toJS({ maxAliasCount: 10 });
    // One that stands for what it is in has no end.
    JSON.stringify(value);
    if (twice === undefined) return value;
  } catch {
    throw refused("its front matter has too many references, or levels");
  }
  throw refused(`its front matter has the key ${JSON.stringify(excerpt(twice))} twice`);
}

function keyThatIsTwice(document: Document.Parsed): string | undefined {
  let twice: string | undefined;
  visit(document, {
    Map(_place, { items }) {
      const known = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined) continue;
        if (known.has(name)) twice ??= name;
        known.add(name);
      }
      return twice === undefined ? undefined : visit.BREAK;
    },
  });
  return twice;
}

function valueAt(path: readonly PropertyKey[], value: unknown): unknown {
  return path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function problemOf(issue: { message: string }, value: unknown): string {
  if (value === undefined) return "it is missing";
  return `${issue.message} (it is ${excerpt(JSON.stringify(value) ?? "")})`;
}
