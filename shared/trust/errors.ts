import { defineErrors } from "#shared/errors.ts";

/** Why a part does not take what reached it over a socket. None of them is the doing of a client of the graph. */
export const tokenErrors = defineErrors({
  TOKEN_MISSING: {
    code: "UNAUTHENTICATED",
    message: (f: { audience: string }) =>
      `The ${f.audience} subgraph answers the platform's own processes only; this request carries no token of one. Ask the router.`,
  },
  TOKEN_FORGED: {
    code: "UNAUTHENTICATED",
    message: (f: { audience: string }) =>
      `The ${f.audience} subgraph does not know the key of the request's token, or the token was altered. Give all processes the same AGENT_PLATFORM_INTERNAL_KEY.`,
  },
  TOKEN_EXPIRED: {
    code: "UNAUTHENTICATED",
    message: (f: { audience: string; seconds: number }) =>
      `The token for the ${f.audience} subgraph is not of this minute: it is ${f.seconds} s away from its end. Make a new one; if it is new, set the clocks.`,
  },
  TOKEN_AUDIENCE_WRONG: {
    code: "UNAUTHENTICATED",
    message: (f: { audience: string; given: string }) =>
      `The token is for ${f.given}, not for the ${f.audience} subgraph. Check the AGENT_PLATFORM_…_SUBGRAPH_URL of whoever sent it.`,
  },
  TOKEN_BODY_DIFFERS: {
    code: "UNAUTHENTICATED",
    message: (f: { audience: string }) => `The token for the ${f.audience} subgraph was made for another query or other variables.`,
  },
});
