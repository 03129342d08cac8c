/** How long the long tests are. A number in LONG_SHARE makes them shorter, such as 0.1 for a tenth, to try them. */
// oxlint-disable-next-line node/no-process-env -- for who tries them by hand
const share = Number(process.env["LONG_SHARE"] ?? "1");

/** So many, or less where they are only tried; one at least. */
export function shareOf(count: number): number {
  return Math.max(1, Math.round(count * share));
}

/** Tells a figure. */
export function tell(what: string, figures: object): void {
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);
}
