/** Vectors as they are stored: of length 1, so that the cosine of two is the sum of their products. */
import { memoryErrors } from "../errors.ts";

/** Numbers of a vector; the largest models of today have 4,096. */
const mostDimensions = 8_192;

/** A vector of length 1. */
export type UnitVector = Float32Array;

/**
 * Makes vectors of what a model answered comparable.
 *
 * @throws AppError EMBEDDINGS_UNUSABLE: they differ in length, have more than 8,192 numbers, or one has no direction
 */
export function unitVectors(vectors: readonly (readonly number[])[]): UnitVector[] {
  const dimension = vectors[0]?.length ?? 0;
  return vectors.map((vector) => {
    checkDimension(vector, dimension);
    if (dimension === 0 || dimension > mostDimensions) throw unusable(`they have ${dimension} numbers; 1 to ${mostDimensions} are taken`);
    return unitVector(vector);
  });
}

/** @throws AppError EMBEDDINGS_UNUSABLE: a vector is not as long as those before */
export function checkDimension({ length }: ArrayLike<number>, dimension: number): void {
  if (length !== dimension) throw unusable(`one has ${dimension} numbers, another ${length}`);
}

function unitVector(vector: readonly number[]): UnitVector {
  // Divided by its largest number first: the squares of large ones are infinite.
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const length = largest * Math.sqrt(vector.reduce((sum, value) => sum + (value / largest) ** 2, 0));
  if (!Number.isFinite(length) || length === 0) throw unusable("one has only zeros, or a number that is none");
  return Float32Array.from(vector, (value) => value / length);
}

function unusable(problem: string) {
  return memoryErrors.EMBEDDINGS_UNUSABLE({ problem, retryable: true });
}

/** The bytes of a vector as text: little-endian 32-bit floats. */
export function vectorBase64({ buffer, byteOffset, byteLength }: UnitVector): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** A vector as pgvector reads it. */
export function vectorText(vector: UnitVector): string {
  return `[${vector.join(",")}]`;
}
