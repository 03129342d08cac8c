/**
 * Where an owned run stands. `OwnedRun.#phaseSet` alone changes it.
 *
 * - retelling: its flush was refused, and its story is told again to the run as it is stored, one end a flush. No mail is read and nothing starts.
 *   Entered when it is made with ends to tell; left for open when all are told.
 * - open: mail is applied, what is ready starts, time-outs are decided. Entered when it is made, from retelling, and from blocked.
 * - blocked: a flush is under way with a tail, rows that hold only if nobody posted to the run meanwhile (its end, its rest, a time-out). Nothing is
 *   decided and outcomes wait. Entered from open and leaving, when such a flush is taken; left when it is answered: for released when it ended the
 *   ownership; else for open, where the tail is forgotten if it was refused, the mail is read, and it is decided again.
 * - leaving: nothing more starts here; what has begun ends here, then it is given back. Entered from open, when the process stops, the owner was to
 *   take it no further, or who asked for it has gone. Left with the flush that gives it back, through blocked for released.
 * - released: in other hands, or in none. Nothing of it is written any more. Entered from every phase; final.
 */
export type OwnerPhase = "retelling" | "open" | "blocked" | "leaving" | "released";
