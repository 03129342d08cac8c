/** How node runs are found that are part of another's work: the index has those that are in no frame of an item or a round, the others are found by their paths. */

/** SQL: whether what row `x` is part of is no item's frame, nor a round's. The words of node_run_parts: only a statement that has them is served by it. */
export const isIndexedPart = (row: string): string =>
  `${row}.parent_path is not null and (${row}.node_type = 'frame' or right(rtrim(${row}.parent_path, '0123456789'), 1) <> '#')`;
