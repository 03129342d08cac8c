import config from "./jest.config.js";

/** What takes minutes: `npm run test:long`. One file at a time, for each of them loads the whole machine. @type {import("jest").Config} */
const long = { ...config, testMatch: ["**/tests/long/*.long.ts"], maxWorkers: 1, testTimeout: 3_600_000 };

// oxlint-disable-next-line import/no-default-export -- jest reads it
export default long;
