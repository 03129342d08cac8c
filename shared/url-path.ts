/**
 * Whether a URL would read a step upwards in it: paths are made of what users say (`/orders/{{ input.id }}`). Backslashes are slashes to URLs, and tabs and line breaks nothing.
 *
 * @param path  beneath a base URL; with its query, where it has one
 */
export function climbs(path: string): boolean {
  const [pathname = ""] = path.split("?", 1);
  return pathname
    .replace(/[\t\n\r]/g, "")
    .split(/[/\\]/)
    .some((step) => /^(\.|%2e){2}$/i.test(step));
}

/** Not by a pattern such as /\/+$/, which takes the square of slashes that are followed by something else: of 60,000 of them 10 s. */
export function withoutSlashesBehind(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}
