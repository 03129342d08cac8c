/** What a started platform tells the person who started it. */
export interface Banner {
  graphUrl: string;
  dataDir: string;
  logFile: string;
  isAuthOn: boolean;
  workers: number;
  metricsUrl?: string;
  notes: readonly string[];
}

/** The banner's lines: where the graph is, where the data lies, and what holds here. */
export function bannerLines(banner: Banner): string[] {
  const rows: [string, string][] = [
    ["graph", banner.graphUrl],
    ["GraphiQL", new URL("/", banner.graphUrl).href],
    ["data", banner.dataDir],
    ["log", banner.logFile],
    ["auth", banner.isAuthOn ? "on: every request needs an API key" : "off: this machine only"],
    ["workers", banner.workers === 0 ? "none: only the execute… mutations advance runs" : String(banner.workers)],
    ...(banner.metricsUrl === undefined ? [] : [["metrics", banner.metricsUrl] satisfies [string, string]]),
  ];
  return [
    "",
    "  Agent Platform is running",
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(10)}${value}`),
    ...banner.notes.map((note) => `  ${"note".padEnd(10)}${note}`),
    "",
    "  Ctrl-C stops it; the data stays.",
    "",
  ];
}
