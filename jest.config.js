/** @type {import("jest").Config} */
const config = {
  // Suites share the modules of their worker: see there.
  testEnvironment: "<rootDir>/tests/testkit/jest/environment.mjs",
  runtime: "<rootDir>/tests/testkit/jest/runtime.mjs",
  roots: ["<rootDir>/tests"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {},
  // Timers are faked for the whole worker: Node's own order of work stays. So would the clock that never jumps, but what is tested measures waits by it.
  fakeTimers: { doNotFake: ["nextTick", "queueMicrotask", "hrtime"] },
  globalSetup: "<rootDir>/tests/testkit/global-setup.mjs",
  globalTeardown: "<rootDir>/tests/testkit/global-teardown.mjs",
  reporters: ["default", "<rootDir>/tests/testkit/reporter.mjs"],
  maxWorkers: 2,
  // Of the heap. Modules stay, once for all suites; what suites leave behind adds up all the same.
  workerIdleMemoryLimit: "700MB",
  // How long to wait before calling it a hang. Nothing passes by being quick: how long a test takes is the machine's matter.
  testTimeout: 300_000,
};

// oxlint-disable-next-line import/no-default-export -- jest reads it
export default config;
