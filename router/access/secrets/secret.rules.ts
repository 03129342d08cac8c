/** Checks of a secret's fields. */
import { checkItems, checkStorableText, checkText, excerpt } from "#shared/fields.ts";
import { longestCredential } from "#shared/secret/credentials.ts";
import { secretName } from "#shared/secret/references.ts";
import { secretErrors } from "../errors.ts";

const maxOrigins = 20;

/** A name as configs can say it. @throws AppError SECRET_NAME_INVALID */
export function checkSecretName(name: string): string {
  if (secretName.test(name)) return name;
  throw secretErrors.SECRET_NAME_INVALID({ field: "name", value: excerpt(name) });
}

/** A value. Errors do not repeat it. @throws AppError TEXT_TOO_SHORT, TEXT_TOO_LONG, TEXT_NOT_STORABLE */
export function checkSecretValue(value: string): string {
  if (value.trim() === "") throw secretErrors.SECRET_VALUE_EMPTY({ field: "value" });
  return checkStorableText("value", checkText("value", value, { max: longestCredential }));
}

/** Origins as URLs give them, each once, in order. @throws AppError SECRET_ORIGIN_INVALID, SECRET_ORIGINS_EMPTY, LIST_TOO_LONG */
export function checkOrigins(given: readonly string[]): string[] {
  if (given.length === 0) throw secretErrors.SECRET_ORIGINS_EMPTY({ field: "origins" });
  checkItems("origins", given, maxOrigins);
  return [...new Set(given.map(checkOrigin))].sort();
}

function checkOrigin(text: string, index: number): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  // Whatever is more than an origin was meant to limit the secret further, which nothing does.
  const isBare = url !== undefined && !url.username && !url.password && url.pathname === "/" && !url.search && !url.hash;
  if (isWeb && isBare && !text.includes("*")) return url.origin;
  throw secretErrors.SECRET_ORIGIN_INVALID({ field: `origins[${index}]`, value: excerpt(text) });
}
