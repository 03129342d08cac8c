/** @type {import("jest").Config} */
const config = {
  testEnvironment: "node",
  roots: ["<rootDir>/tests"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "^.+\\.ts$": ["@swc/jest"] },
  globalSetup: "<rootDir>/tests/testkit/global-setup.mjs",
  globalTeardown: "<rootDir>/tests/testkit/global-teardown.mjs",
  reporters: ["default", "<rootDir>/tests/testkit/reporter.mjs"],
  maxWorkers: 2,
  testTimeout: 30_000,
};

// oxlint-disable-next-line import/no-default-export -- jest reads it
export default config;
