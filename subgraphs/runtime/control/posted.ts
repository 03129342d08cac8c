/**
 * applied: the stored rows say so. accepted: the owner has not come to it within `applyWaitMs`; where it never does, the next one does, this
 * process if there is no other. conflict: terminal, not waiting, answered before, or not MANUAL. unknown: the tenant has no such run.
 */
export type Posted = "applied" | "accepted" | Refused;

/** Nothing was posted. */
export type Refused = "conflict" | "unknown";
