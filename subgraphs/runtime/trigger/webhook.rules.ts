/** Checks of a webhook's fields. Pure. */
import { checkItems, checkRange, checkStorableText, checkText, excerpt } from "#shared/fields.ts";
import { isCredentialName } from "#shared/secret/credentials.ts";
import { runtimeErrors } from "../errors.ts";
import type { SignatureEncoding } from "./trigger.enums.ts";
import type { SignatureRule } from "./webhook-signature.ts";

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const mostHeaders = 20;
const toleranceUnlessGiven = 300;
const dayInSeconds = 86_400;

/** A header's name, in lower case. @throws AppError HEADER_NAME_INVALID */
export function checkHeader(field: string, name: string): string {
  if (!headerName.test(name)) throw runtimeErrors.HEADER_NAME_INVALID({ field, value: excerpt(name) });
  return name.toLowerCase();
}

/** Headers that runs may see. @throws AppError LIST_TOO_LONG, HEADER_NAME_INVALID, HEADER_IS_CREDENTIAL */
export function checkShownHeaders(names: readonly string[]): string[] {
  const headers = checkItems("headers", names, mostHeaders).map((name) => checkHeader("headers", name));
  const credential = headers.find(isCredentialName);
  if (credential !== undefined) throw runtimeErrors.HEADER_IS_CREDENTIAL({ field: "headers", value: credential });
  return [...new Set(headers)];
}

/** A secret of the sender's. @throws AppError TEXT_TOO_SHORT, TEXT_TOO_LONG, TEXT_NOT_STORABLE */
export function checkHookSecret(secret: string): string {
  return checkStorableText("secret", checkText("secret", secret, { min: 8, max: 500 }));
}

/** A rule as it is asked for. */
export interface GivenSignature {
  header: string;
  encoding?: SignatureEncoding | null;
  prefix?: string | null;
  signedText?: string | null;
  timestampHeader?: string | null;
  toleranceSeconds?: number | null;
}

/** How calls are to be signed. @throws AppError HEADER_NAME_INVALID, SIGNED_TEXT_INVALID, SIGNED_ID_MISSING, TOLERANCE_WITHOUT_TIME, those of fields.ts */
export function checkSignatureRule(given: GivenSignature, deliveryHeader: string | null): SignatureRule {
  const signedText = given.signedText ?? "{body}";
  const prefix = checkStorableText("signature.prefix", checkText("signature.prefix", given.prefix ?? "", { max: 50 }));
  checkSignedText(signedText);
  if (signedText.includes("{id}") && deliveryHeader === null) throw runtimeErrors.SIGNED_ID_MISSING({ field: "deliveryHeader" });
  const isTimed = signedText.includes("{timestamp}");
  if (!isTimed && given.toleranceSeconds != null) throw runtimeErrors.TOLERANCE_WITHOUT_TIME({ field: "signature.toleranceSeconds" });
  const tolerance = { min: 1, max: dayInSeconds };
  return {
    header: checkHeader("signature.header", given.header),
    encoding: given.encoding ?? "HEX",
    prefix: prefix.trim(),
    signedText,
    timestampHeader: given.timestampHeader == null ? null : checkHeader("signature.timestampHeader", given.timestampHeader),
    toleranceSeconds: isTimed ? checkRange("signature.toleranceSeconds", given.toleranceSeconds ?? toleranceUnlessGiven, tolerance) : null,
  };
}

/** @throws AppError SIGNED_TEXT_INVALID, TEXT_TOO_LONG */
function checkSignedText(text: string): void {
  checkText("signature.signedText", text, { max: 200 });
  const isKnown = text.split("{body}").length === 2 && !/[{}]|[^\x20-\x7e]/.test(text.replace(/\{(body|timestamp|id)\}/g, ""));
  if (!isKnown) throw runtimeErrors.SIGNED_TEXT_INVALID({ field: "signature.signedText", value: excerpt(text) });
}
