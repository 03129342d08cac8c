/**
 * Remembers what was compiled from a source text, the last used ones, up to a number of characters:
 * nodes of the same workflow compile their templates once a process, however many runs there are.
 */
export function memoBySource<T>(compile: (source: string) => T, maxChars = 8_000_000): (source: string) => T {
  const compiled = new Map<string, T>();
  let chars = 0;
  return (source) => {
    const known = compiled.get(source);
    if (known !== undefined) {
      // Last used stands last, so the first one is the one to forget.
      compiled.delete(source);
      compiled.set(source, known);
      return known;
    }
    const made = compile(source);
    compiled.set(source, made);
    chars += cost(source);
    for (const oldest of compiled.keys()) {
      if (chars <= maxChars) break;
      compiled.delete(oldest);
      chars -= cost(oldest);
    }
    return made;
  };
}

// A parsed template is far larger than its source; 100 stands for what even a tiny one costs.
function cost(source: string): number {
  return source.length + 100;
}
