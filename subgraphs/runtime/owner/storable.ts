/**
 * What PostgreSQL's jsonb refuses, found before it is sent: one value that cannot be stored must fail its own node, not the flush it is in.
 */
const deepest = 512;

/** Whether a JSON text (as JSON.stringify writes it) can be stored as jsonb. */
export function isStorable(json: string): boolean {
  if (json.includes("\\u") && hasRefusedEscape(json)) return false;
  return json.length <= deepest * 2 || isShallow(json);
}

// JSON.stringify writes NUL and unpaired surrogates as \u escapes, and nothing else that jsonb refuses. An escaped backslash before "u" is text.
function hasRefusedEscape(json: string): boolean {
  for (let at = json.indexOf("\\"); at !== -1; at = json.indexOf("\\", at + 2)) {
    if (json[at + 1] !== "u") continue;
    const code = Number.parseInt(json.slice(at + 2, at + 6), 16);
    if (code === 0 || (code >= 0xd800 && code <= 0xdfff)) return true;
  }
  return false;
}

function isShallow(json: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (inString) {
      if (char === 0x5c) at++;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > deepest) return false;
    } else if (char === 0x7d || char === 0x5d) depth--;
  }
  return true;
}
