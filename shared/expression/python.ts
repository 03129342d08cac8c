/**
 * Reads Python's words as CEL's: `and or not True False None`, and `not in`. Python's `not` binds looser than a comparison, CEL's `!`
 * tighter, so `not a == b` becomes `!(a == b)`. Texts, comments and the names of fields (`state.not`) stay as they are.
 */

/** CEL text, and for each of its characters where it comes from. */
export interface Translation {
  text: string;
  /** The offset in the source of an offset in the text. */
  origin(offset: number): number;
}

interface Token {
  text: string;
  at: number;
  kind: "word" | "space" | "open" | "close" | "boundary" | "other";
}

/** CEL keeps the word `loop` for itself; for its parser the name is this one (language.ts gives it back). */
export const loopWord = "__loop";

const words: Readonly<Record<string, string>> = { and: "&&", or: "||", True: "true", False: "false", None: "null", loop: loopWord };

// Texts first (raw and bytes prefixes, triple quotes), then comments, words, numbers, and what separates operands of `not`.
const tokenPattern =
  /(?<text>[rRbB]{0,2}(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|(?<space>\s+|\/\/[^\n]*)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<open>[([{])|(?<close>[)\]}])|(?<boundary>&&|\|\||[?:,])|(?<other>[0-9][0-9A-Za-z_.]*|[^])/g;

const maxDepth = 100;

/**
 * Translates an expression; text without any of Python's words comes out as it went in.
 *
 * @throws RangeError when brackets are nested deeper than 100
 */
export function fromPython(source: string): Translation {
  const pieces: { text: string; at: number }[] = [];
  writeSequence(tokenize(source), (text, at) => pieces.push({ text, at }));
  return { text: pieces.map((piece) => piece.text).join(""), origin: (offset) => originOf(pieces, offset, source.length) };
}

type Write = (text: string, at: number) => void;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  for (const match of source.matchAll(tokenPattern)) {
    const kind = (["space", "word", "open", "close", "boundary"] as const).find((name) => match.groups?.[name] !== undefined) ?? "other";
    tokens.push({ text: match[0], at: match.index, kind: kind === "word" && isField(tokens) ? "other" : kind });
  }
  refuseDepth(tokens);
  for (const token of tokens) if (token.kind === "word" && (token.text === "and" || token.text === "or")) token.kind = "boundary";
  return tokens;
}

function refuseDepth(tokens: readonly Token[]): void {
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "open" && ++depth > maxDepth) throw new RangeError("brackets are nested too deeply");
    if (token.kind === "close") depth -= 1;
  }
}

/** True after a dot: `state.not` names a field. */
function isField(before: readonly Token[]): boolean {
  return before.findLast((token) => token.kind !== "space")?.text === ".";
}

/** Writes what stands between two brackets: operands of `and`, `or`, `?`, `:` and `,`, one after the other. */
function writeSequence(tokens: readonly Token[], write: Write): void {
  let start = 0;
  let depth = 0;
  tokens.forEach((token, i) => {
    if (token.kind === "open") depth += 1;
    if (token.kind === "close") depth -= 1;
    if (token.kind !== "boundary" || depth !== 0) return;
    writeOperand(tokens.slice(start, i), write);
    write(words[token.text] ?? token.text, token.at);
    start = i + 1;
  });
  writeOperand(tokens.slice(start), write);
}

function writeOperand(tokens: readonly Token[], write: Write): void {
  const not = findTopLevel(tokens, "not");
  if (not < 0) return writePlain(tokens, write);
  const [before, after] = [tokens.slice(0, not), tokens.slice(not + 1)];
  const at = tokens[not]?.at ?? 0;
  const end = (tokens.at(-1)?.at ?? 0) + (tokens.at(-1)?.text.length ?? 0);
  write("!(", before.length > 0 ? (before[0]?.at ?? at) : at);
  // `a not in b` says not (a in b); a leading `not` takes all that follows.
  writePlain(before, write);
  writeOperand(after, write);
  write(")", end);
}

function writePlain(tokens: readonly Token[], write: Write): void {
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i];
    if (token === undefined) return;
    write(token.kind === "word" ? (words[token.text] ?? token.text) : token.text, token.at);
    if (token.kind !== "open") continue;
    const close = closing(tokens, i);
    writeSequence(tokens.slice(i + 1, close), write);
    i = close - 1;
  }
}

function findTopLevel(tokens: readonly Token[], word: string): number {
  let depth = 0;
  return tokens.findIndex((token) => {
    if (token.kind === "open") depth += 1;
    if (token.kind === "close") depth -= 1;
    return depth === 0 && token.kind === "word" && token.text === word;
  });
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i += 1) {
    if (tokens[i]?.kind === "open") depth += 1;
    if (tokens[i]?.kind === "close" && --depth === 0) return i;
  }
  return tokens.length;
}

function originOf(pieces: readonly { text: string; at: number }[], offset: number, end: number): number {
  let left = offset;
  for (const piece of pieces) {
    if (left < piece.text.length) return piece.at + left;
    left -= piece.text.length;
  }
  return end;
}
