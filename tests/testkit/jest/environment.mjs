/**
 * Where a suite runs: in the worker's own realm. A realm of its own for each suite, as jest gives it otherwise, has all modules loaded and compiled anew, packages
 * included, which took half the time of all tests. What a suite sets of what is shared by those after it is put back here.
 */
import { ModernFakeTimers } from "@jest/fake-timers";

const errorEvents = ["uncaughtException", "unhandledRejection", "rejectionHandled"];

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
    listeners: new Map(errorEvents.map((event) => [event, process.rawListeners(event)])),
  };

  /** @param {{ projectConfig: ConstructorParameters<typeof ModernFakeTimers>[0]["config"] }} config */
  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
    Object.assign(globalThis, { jest: this.#timers(this.fakeTimersModern) });
  }

  async setup() {}

  /** The suite is loaded, or failed to. Variables that its modules set stay, for no later suite loads them again. */
  imported() {
    this.#before.env = { ...process.env };
  }

  async teardown() {
    this.fakeTimersModern.dispose();
    const { keys, console, exit, env, folder, exitCode, listeners } = this.#before;
    for (const key of Reflect.ownKeys(globalThis)) if (!keys.has(key) && isJests(key)) Reflect.deleteProperty(globalThis, key);
    globalThis.console = console;
    process.exit = exit;
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    if (process.cwd() !== folder) process.chdir(folder);
    process.exitCode = exitCode;
    // The framework leaves its own behind where a suite cannot be loaded, and nobody would hear of later errors.
    for (const [event, all] of listeners) {
      process.removeAllListeners(event);
      for (const listener of all) process.on(event, /** @type {() => void} */ (listener));
    }
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
