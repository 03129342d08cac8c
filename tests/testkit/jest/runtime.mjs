/**
 * Loads suites as Node loads programs: with the platform's own loader of TypeScript, and each module once for all suites that a worker runs. Suites share what a
 * module keeps, as the parts of one process do; hooks that a module of the testkit has for each test go through suite-hooks.ts.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
// Before any class with decorators, whichever of them a suite asks for first.
import "reflect-metadata";
import { registerTypescript } from "../../../cli/typescript.mjs";

/** Of a module of its own each time, which would keep each copy among its children. */
const requireOnce = (/** @type {string} */ file) => createRequire(import.meta.url)(file);
/** @type {Promise<void> | undefined} */
let registered;
/** Suites that this process has loaded: once more is another module. @type {Map<string, number>} */
const loaded = new Map();

async function register() {
  await registerTypescript(["tests", "bench"]);
  // Sets a variable when it is loaded, which happens once, and else perhaps in the middle of a suite, at whose end it would be undone.
  await import("../../../router/graph/telemetry-off.ts");
  const { preparing } = await import("../../../shared/db/prepared.ts");
  preparing.isAhead = false;
}

// oxlint-disable-next-line import/no-default-export -- jest reads it
export default class NativeRuntime {
  #environment;

  /**
   * @param {object} _config
   * @param {{ imported(): void }} environment
   */
  constructor(_config, environment) {
    this.#environment = environment;
  }

  /** jest's own framework, whose state is one suite's. @param {string} file */
  requireInternalModule(file) {
    delete createRequire(import.meta.url).cache[file];
    return requireOnce(file);
  }

  /** @param {string} file */
  requireModule(file) {
    return requireOnce(file);
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  /** @param {string} file */
  async unstable_importModule(file) {
    await (registered ??= register());
    // jest has put its own here, which knows no maps of modules that it has not loaded; without one Node maps them.
    delete Error.prepareStackTrace;
    const { registerSuiteHooks } = await import("./suite-hooks.ts");
    registerSuiteHooks();
    const times = loaded.get(file) ?? 0;
    loaded.set(file, times + 1);
    const url = pathToFileURL(file);
    if (times > 0) url.search = `?${times}`;
    try {
      await import(url.href);
    } finally {
      this.#environment.imported();
    }
  }

  /** @param {{ expect: jest.Expect }} globals */
  setGlobalsForRuntime({ expect }) {
    expect.setState({ currentTestName: undefined });
  }

  enterTestCode() {}

  leaveTestCode() {}

  getSourceMaps() {
    return new Map();
  }

  getAllCoverageInfoCopy() {}

  getAllV8CoverageInfoCopy() {}

  teardown() {}
}
