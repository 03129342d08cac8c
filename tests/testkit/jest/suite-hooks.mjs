/** Hooks of the testkit's modules: these are loaded once, for many suites. */

/** @typedef {() => unknown} Hook */
/** @type {{ afterEach: Hook[], afterAll: Hook[] }} */
const hooks = { afterEach: [], afterAll: [] };

/** Of every test of every suite from now on. @param {Hook} hook */
export function afterEachTest(hook) {
  hooks.afterEach.push(hook);
}

/** Of every suite from now on. @param {Hook} hook */
export function afterEachSuite(hook) {
  hooks.afterAll.push(hook);
}

/** For the suite that is being loaded. */
export function registerSuiteHooks() {
  afterEach(() => all(hooks.afterEach));
  afterAll(() => all(hooks.afterAll));
}

/** One that fails keeps no other from its work. @param {Hook[]} list */
async function all(list) {
  const failures = [];
  for (const hook of list) await Promise.resolve().then(hook).catch((failure) => failures.push(failure));
  if (failures.length > 0) throw failures[0];
}
