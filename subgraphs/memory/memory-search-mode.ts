import { registerEnumType } from "type-graphql";

/** How memories are searched. */
export enum MemorySearchMode {
  AUTO = "AUTO",
  TEXT = "TEXT",
  VECTOR = "VECTOR",
  HYBRID = "HYBRID",
}
registerEnumType(MemorySearchMode, {
  name: "MemorySearchMode",
  description: "How memories are searched.",
  valuesConfig: {
    AUTO: { description: "The best that is available; now that is TEXT." },
    TEXT: { description: "By words." },
    VECTOR: { description: "By embeddings. Not available yet: BAD_USER_INPUT, NOT_AVAILABLE." },
    HYBRID: { description: "By both. Not available yet: BAD_USER_INPUT, NOT_AVAILABLE." },
  },
});
