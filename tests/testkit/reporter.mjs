/**
 * Ends the output with one line that a machine can read: `12 passed, 0 failed`, then `, 3 skipped` where tests were skipped.
 */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    // A file that cannot be loaded has no tests to count; it failed nevertheless.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`;
    // jest puts its own summary behind every other reporter's.
    process.once("exit", () => process.stdout.write(line));
  }
}
