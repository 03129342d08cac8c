import { throwAll } from "../all-done.ts";

/** Hooks of the testkit's modules, which are loaded once for many suites: each of these has them. */
type Hook = () => void | Promise<void>;

const hooks = { afterEach: new Array<Hook>(), afterAll: new Array<Hook>() };

/** Has every test of every suite end with it from now on. */
export function afterEachTest(hook: Hook): void {
  hooks.afterEach.push(hook);
}

/** Has every suite end with it from now on. */
export function afterEachSuite(hook: Hook): void {
  hooks.afterAll.push(hook);
}

/** For the suite that is being loaded. */
export function registerSuiteHooks(): void {
  afterEach(() => callAll(hooks.afterEach));
  afterAll(() => callAll(hooks.afterAll));
}

/** One after the other: a database is closed after what is at work on it. One that fails keeps no other from its work. */
async function callAll(list: readonly Hook[]): Promise<void> {
  const failures: unknown[] = [];
  for (const hook of list) {
    try {
      await hook();
    } catch (failure) {
      failures.push(failure);
    }
  }
  throwAll(failures);
}
