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
    AUTO: {
      description: "HYBRID where memories are embedded, the model answers within 3 s and the vectors are compared within 3 s, else TEXT.",
    },
    TEXT: { description: "By words." },
    VECTOR: { description: "By embeddings: the cosine of two vectors. Without any: BAD_USER_INPUT, NOT_AVAILABLE; see memoryEmbedding." },
    HYBRID: { description: "By both, fused by reciprocal rank; as VECTOR where nothing is embedded." },
  },
});
