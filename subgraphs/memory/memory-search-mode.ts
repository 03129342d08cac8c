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
    AUTO: { description: "HYBRID where an embedding model is set up, else TEXT." },
    TEXT: { description: "Full text." },
    VECTOR: { description: "Embeddings; not available yet." },
    HYBRID: { description: "Both, fused; not available yet." },
  },
});
