import type { TestResult } from "./test-result.ts";

/** What came of tests, as the XML that continuous integration reads: a suite of the file, a case each test. */
export function junitReport(name: string, results: readonly TestResult[]): string {
  const failures = results.filter(({ problems }) => problems.length > 0).length;
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0).toFixed(3);
  const counts = `name="${escaped(name)}" tests="${results.length}" failures="${failures}" errors="0" skipped="0" time="${seconds}"`;
  const cases = results.map((result) => `    ${caseOf(name, result)}\n`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite ${counts}>\n${cases}  </testsuite>\n</testsuites>\n`;
}

function caseOf(suite: string, { name, seconds, problems, runId }: TestResult): string {
  const head = `<testcase classname="${escaped(suite)}" name="${escaped(name)}" time="${seconds.toFixed(3)}"`;
  if (problems.length === 0) return `${head}/>`;
  const story = [...problems, ...(runId === null ? [] : [`run ${runId}`])].join("\n");
  return `${head}><failure message="${escaped(problems[0] ?? "")}">${escaped(story)}</failure></testcase>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\n": "&#10;" };

/** XML 1.0 has no control characters beside these, escaped or not, and no half characters. */
function escaped(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  const known = text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
  return known.replace(/[&<>"'\n]/g, (character) => entities[character] ?? character);
}
