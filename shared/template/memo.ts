/**
 * Remembers what was compiled from a source text, about the last `maxChars` characters of it that were used: nodes of the same
 * workflow compile their templates once in each process, however many runs there are.
 */
export function memoBySource<T>(compile: (source: string) => T, maxChars = 8_000_000): (source: string) => T {
  // Two generations instead of a list of last uses: a hit, the usual case, writes nothing.
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  let youngChars = 0;
  return (source) => {
    const known = young.get(source);
    if (known !== undefined) return known;
    const made = old.get(source) ?? compile(source);
    if (youngChars > maxChars / 2) {
      old = young;
      young = new Map();
      youngChars = 0;
    }
    young.set(source, made);
    // What is parsed is far larger than its source; 100 stands for what even a tiny one costs.
    youngChars += source.length + 100;
    return made;
  };
}
