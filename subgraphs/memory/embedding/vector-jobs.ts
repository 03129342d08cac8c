/** What threads compute of vectors. Erasable TypeScript only, as all that it imports: it is run by Node without a build step. */

/** A query among vectors of the same dimension, which come beside it as the base64 of one behind another. */
export interface VectorRanking {
  /** Base64, as each of the vectors. */
  query: string;
  limit: number;
}

/** A vector by its place, with its cosine. */
export type RankedVector = [place: number, cosine: number];

/** The vectors nearest to the query, nearest first; of equal ones the first. */
export function rankVectors({ query, limit }: VectorRanking, vectors = ""): RankedVector[] {
  const sought = floats(query);
  const all = floats(vectors);
  const ranked: RankedVector[] = [];
  for (let place = 0; (place + 1) * sought.length <= all.length; place++) ranked.push([place, product(sought, all, place * sought.length)]);
  return ranked.sort(([placeA, a], [placeB, b]) => b - a || placeA - placeB).slice(0, limit);
}

function product(sought: Float32Array, all: Float32Array, offset: number): number {
  let sum = 0;
  for (let index = 0; index < sought.length; index++) sum += sought[index]! * all[offset + index]!;
  return sum;
}

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  // Copied: a buffer of the pool may begin anywhere, floats begin at a multiple of four.
  return new Float32Array(new Uint8Array(bytes).buffer);
}
