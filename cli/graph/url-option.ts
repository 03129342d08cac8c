import { InvalidArgumentError } from "commander";

/** Reads `--url`. */
export function urlOption(text: string): string {
  const isWeb = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isWeb) throw new InvalidArgumentError("It is a URL, such as http://127.0.0.1:4000/graphql.");
  return text;
}
