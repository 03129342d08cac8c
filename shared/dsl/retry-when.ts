/** The condition of a retry (`retry.when`) as a text: it sees the output of the attempt that it is asked of. */
import type { TextSpec } from "./node-texts.ts";

/** Names that it sees beside the scope. */
export const outputNames = ["output", "text"] as const;

/** Where the text stands in `{ when }`. */
export const retryWhenSpec: TextSpec = { templates: [], expressions: ["when"], names: outputNames };
