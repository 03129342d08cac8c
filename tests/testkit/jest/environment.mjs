/**
 * Where a suite runs: in the worker's own realm. A realm of its own for each suite, as jest gives it otherwise, has all modules loaded and compiled anew, packages
 * included, which took half the time of all tests. What a suite sets of what is shared by those after it is put back here.
 */
import { ModernFakeTimers } from "@jest/fake-timers";

// oxlint-disable-next-line import/no-default-export -- jest reads it
export default class OneRealm {
  global = globalThis;
  fakeTimers = null;
  #before = {
    keys: new Set(Reflect.ownKeys(globalThis)),
    console: globalThis.console,
    // jest wraps it anew for each suite.
    exit: process.exit,
    env: { ...process.env },
    folder: process.cwd(),
    exitCode: process.exitCode,
  };

  /** @param {{ projectConfig: ConstructorParameters<typeof ModernFakeTimers>[0]["config"] }} config */
  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
    Object.assign(globalThis, { jest: this.#timers(this.fakeTimersModern) });
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    const { keys, console, exit, env, folder, exitCode } = this.#before;
    for (const key of Reflect.ownKeys(globalThis)) if (!keys.has(key) && isJests(key)) Reflect.deleteProperty(globalThis, key);
    globalThis.console = console;
    process.exit = exit;
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    if (process.cwd() !== folder) process.chdir(folder);
    process.exitCode = exitCode;
  }

  // Asked by jest of every environment; runtime.mjs needs none.
  getVmContext() {
    return null;
  }

  /** The part of jest's object that tests use. @param {ModernFakeTimers} fake */
  #timers(fake) {
    return {
      /** @param {object} [settings] */
      useFakeTimers: (settings) => fake.useFakeTimers(settings),
      useRealTimers: () => fake.useRealTimers(),
      /** @param {number} ms */
      advanceTimersByTime: (ms) => fake.advanceTimersByTime(ms),
      /** @param {number} ms */
      advanceTimersByTimeAsync: (ms) => fake.advanceTimersByTimeAsync(ms),
      getTimerCount: () => fake.getTimerCount(),
    };
  }
}

/** State of one run of jest-circus; the next suite's would be added to it. @param {string | symbol} key */
function isJests(key) {
  return typeof key === "symbol" && (key.description === "JEST_STATE_SYMBOL" || key.description === "EVENT_HANDLERS");
}
