/**
 * What every answer tells browsers. helmet was looked at: it would set a dozen constants through as many functions for each answer, half of them for
 * browsers that are gone, and what depends on the request (HSTS, the page's policy) would be left to us all the same. The values are its own.
 */
import type { ServerResponse } from "node:http";
import type { SeenFrom } from "./rates/seen-from.ts";

/** Answers are data: nothing in them runs, whatever a browser takes them for. The page sets its own ({@link pagePolicy}). */
const dataPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** GraphiQL's page: its own files, its own graph; its editor makes styles, fonts and workers of what it has loaded. */
export const pagePolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; " +
  "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page of a link: its own styles, no script, and a form that is sent back to where it came from. */
export const formPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Half a year, of this host alone: what its neighbours speak is not ours to say. */
const strictTransport = "max-age=15552000";

/** Sets them, before anything else is known of the answer. */
export function setSecurityHeaders(response: ServerResponse, { isSecure }: Pick<SeenFrom, "isSecure">): void {
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("content-security-policy", dataPolicy);
  // Without TLS browsers pass over it; said by who is not trusted it would lock people out of a router that speaks none.
  if (isSecure) response.setHeader("strict-transport-security", strictTransport);
}
