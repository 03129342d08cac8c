/** How many runs of a key are executed at once, and the expression of the key; all runs of the workflow have one where there is none. */
export interface ConcurrencyRule {
  key?: string;
  limit: number;
}
