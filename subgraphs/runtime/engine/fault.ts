/**
 * A failure that is none of what the node was to do. own: the platform itself failed. crash: its owners died of it. It is marked where it is noticed: a code is a word that a
 * mock, or whoever executes a node outside, may say too.
 */
export type Fault = "own" | "crash";
