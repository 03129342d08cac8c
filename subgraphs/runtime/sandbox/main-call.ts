/**
 * Comments, texts, templates, braces and what names main: they tell whether it stands at the top level. Each takes what it can and never
 * goes back, so that the time grows with the text.
 */
const pieces =
  /\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\[^]|[^`\\])*`?|[{}]|(?<![\w$.]|\b(?:function|const|let|var|class)[\s*]{1,9})main\b(?!\s{0,9}(?:=[^=>]|:))/g;

/**
 * True for a JavaScript program that calls its `main` itself at the top level, or hands it on: the sandbox does not call it then. It looks at the text
 * rather than reading JavaScript; where it errs, a `main` is called twice, or not at all.
 */
export function namesMain(code: string): boolean {
  let depth = 0;
  for (const [piece] of code.matchAll(pieces)) {
    if (piece === "{") depth += 1;
    else if (piece === "}") depth -= 1;
    else if (piece === "main" && depth <= 0) return true;
  }
  return false;
}
