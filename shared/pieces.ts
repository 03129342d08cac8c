/**
 * Makes long texts in turns of the main loop: what has many megabytes takes long to write, and who else is served here must not wait for it. Whoever
 * gives a value does not change it meanwhile.
 */
import { ownTurn } from "#shared/own-turn.ts";

/** Made at once up to this size, in units of UTF-16. */
export const pieceUnits = 65_536;
/** An answer to others takes a dozen turns: of 5 ms each it took 174 ms beside twenty that were at it, of 1 ms 81; these lost 5 % (November 2026). */
const turnMs = 1;

/** Takes pieces in order, as many in one turn as it has time for. `take` throws to stop. */
export async function takeInTurns(pieces: Iterable<string>, take: (piece: string) => void): Promise<void> {
  let turnAt = performance.now();
  for (const piece of pieces) {
    take(piece);
    if (performance.now() - turnAt < turnMs) continue;
    await ownTurn();
    turnAt = performance.now();
  }
}

/**
 * Goes through steps, as many in one turn as it has time for.
 *
 * @param how.turnMs  how long a turn may be before the next step has another one; 1 ms
 * @param how.isOwn  whoever asks has a turn, and has done little in it: the first steps are done at once
 * @returns what the last of them gives
 */
export async function finishInTurns<T>(
  steps: Generator<void, T>,
  { turnMs: longMs = turnMs, isOwn = false }: { turnMs?: number; isOwn?: boolean } = {},
): Promise<T> {
  // Whatever was done before in this turn was work enough.
  if (!isOwn) await ownTurn();
  let turnAt = performance.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    if (performance.now() - turnAt < longMs) continue;
    await ownTurn();
    turnAt = performance.now();
  }
}

/** Goes through steps in this turn: for what is short. @returns what the last of them gives */
export function finishAtOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** A text made of pieces, in turns. */
export async function joinInTurns(pieces: Iterable<string>): Promise<string> {
  const made: string[] = [];
  await takeInTurns(pieces, (piece) => made.push(piece));
  return made.join("");
}

/** Cuts a text; no character is cut in two. */
export function* textPieces(text: string): Generator<string> {
  let to = 0;
  for (let from = 0; from < text.length; from = to) {
    to = from + pieceUnits;
    if (isHighSurrogate(text.charCodeAt(to - 1))) to += 1;
    yield text.slice(from, to);
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
