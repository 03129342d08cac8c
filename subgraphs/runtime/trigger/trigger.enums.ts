import { registerEnumType } from "type-graphql";

/** Whether a trigger makes runs. */
export const TriggerStatus = { ACTIVE: "ACTIVE", PAUSED: "PAUSED" } as const;
export type TriggerStatus = keyof typeof TriggerStatus;
registerEnumType(TriggerStatus, {
  name: "TriggerStatus",
  description: "Whether a schedule or a webhook makes runs.",
  valuesConfig: {
    ACTIVE: { description: "It does." },
    PAUSED: { description: "It does not until it is resumed: a schedule is not due, a webhook is not there." },
  },
});

/** What is done about planned times that passed while nobody could make a run. */
export const MissedRuns = { SKIP: "SKIP", ONCE: "ONCE" } as const;
export type MissedRuns = keyof typeof MissedRuns;
registerEnumType(MissedRuns, {
  name: "MissedRuns",
  description:
    "What is done about planned times that passed while no run could be made: the platform was down, a quota was reached, the workflow could not run.",
  valuesConfig: {
    SKIP: { description: "Nothing, where two minutes have passed since: the next planned time is the next run." },
    ONCE: { description: "One run is made for all of them, as soon as that can be; it is told the last of these times." },
  },
});

/** What a webhook answers. */
export const WebhookAnswer = { AT_ONCE: "AT_ONCE", OUTPUT: "OUTPUT" } as const;
export type WebhookAnswer = keyof typeof WebhookAnswer;
registerEnumType(WebhookAnswer, {
  name: "WebhookAnswer",
  description: "What a webhook answers whoever called it.",
  valuesConfig: {
    AT_ONCE: { description: "202 with { runId }, as soon as the run is made." },
    OUTPUT: { description: "200 with the run's output, where it ends in time; else as AT_ONCE." },
  },
});

/** How the bytes of a signature are written. */
export const SignatureEncoding = { HEX: "HEX", BASE64: "BASE64" } as const;
export type SignatureEncoding = keyof typeof SignatureEncoding;
registerEnumType(SignatureEncoding, {
  name: "SignatureEncoding",
  description: "How the bytes of a signature are written.",
  valuesConfig: { HEX: { description: "Hexadecimal digits." }, BASE64: { description: "Base64." } },
});
