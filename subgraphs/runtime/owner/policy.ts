/**
 * How far an owner takes a run. worker: as far as it goes; `untilForgiven`: until the node that killed its owners has not killed this one, then
 * others go on. inbox: no node is started. node: the one at that path. steps: so many.
 */
export type Policy =
  { kind: "worker"; untilForgiven?: boolean } | { kind: "inbox" } | { kind: "node"; path: string } | { kind: "steps"; max: number };

/** How many nodes a policy lets start. */
export function nodesAllowed(policy: Policy): number {
  switch (policy.kind) {
    case "worker":
      return Number.POSITIVE_INFINITY;
    case "inbox":
      return 0;
    case "node":
      return 1;
    case "steps":
      return policy.max;
  }
}
