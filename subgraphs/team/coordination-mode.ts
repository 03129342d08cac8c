import { registerEnumType } from "type-graphql";

/** How the members of a team work together. */
export enum CoordinationMode {
  SUPERVISOR = "SUPERVISOR",
  SEQUENTIAL = "SEQUENTIAL",
  PARALLEL = "PARALLEL",
  ROUND_ROBIN = "ROUND_ROBIN",
}
registerEnumType(CoordinationMode, {
  name: "CoordinationMode",
  description: "How the members of a team work together.",
  valuesConfig: {
    SUPERVISOR: { description: "A supervisor member plans, assigns and concludes." },
    SEQUENTIAL: { description: "Each member works on what the one before it made." },
    PARALLEL: { description: "All at once, then one answer." },
    ROUND_ROBIN: { description: "They take turns on one conversation until one is done." },
  },
});
