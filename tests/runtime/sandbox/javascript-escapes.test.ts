import { runJavaScript, sandbox, valueOf } from "./programs.ts";

afterAll(() => sandbox.close());

/** Runs one attempt inside; it does no harm where it succeeds. Gives true where it got out. */
function escapes(attempt: string) {
  return valueOf(`
const host = ["process", "require", "module", "__dirname", "__filename", "Buffer", "global", "fetch", "WebAssembly", "Deno", "Bun", "std", "os"];
const isHost = (world) => world != null && host.some((name) => { try { return name in Object(world); } catch { return false; } });
const runs = (make, code) => { try { return make(code)(); } catch { return false; } };
const seesHost = "return typeof process !== 'undefined' || typeof require !== 'undefined' || typeof fetch !== 'undefined'";
let escaped = false;
try { escaped = (() => { ${attempt} })() === true; } catch {}
result = escaped;`);
}

describe("a JavaScript program", () => {
  it.each([
    ["finds no process", "return typeof process !== 'undefined'"],
    ["finds no require", "return typeof require !== 'undefined'"],
    ["finds no module", "return typeof module !== 'undefined' || typeof exports !== 'undefined'"],
    ["finds no folder or file of its own", "return typeof __dirname !== 'undefined' || typeof __filename !== 'undefined'"],
    ["finds no global of Node", "return typeof global !== 'undefined' || typeof Buffer !== 'undefined'"],
    ["finds no fetch", "return typeof fetch !== 'undefined'"],
    ["finds no XMLHttpRequest", "return typeof XMLHttpRequest !== 'undefined'"],
    ["finds no WebSocket", "return typeof WebSocket !== 'undefined' || typeof EventSource !== 'undefined'"],
    ["finds no WebAssembly", "return typeof WebAssembly !== 'undefined'"],
    ["finds no workers", "return typeof Worker !== 'undefined' || typeof MessageChannel !== 'undefined'"],
    ["finds nothing that imports scripts", "return typeof importScripts !== 'undefined'"],
    [
      "finds no timers",
      "return typeof setTimeout !== 'undefined' || typeof setInterval !== 'undefined' || typeof setImmediate !== 'undefined'",
    ],
    ["finds no microtasks of the host", "return typeof queueMicrotask !== 'undefined'"],
    ["finds no std of QuickJS", "return typeof std !== 'undefined'"],
    ["finds no os of QuickJS", "return typeof os !== 'undefined' || typeof bjson !== 'undefined'"],
    ["finds no scriptArgs of QuickJS", "return typeof scriptArgs !== 'undefined' || typeof print !== 'undefined'"],
    [
      "finds no Emscripten module",
      "return typeof Module !== 'undefined' || typeof HEAP8 !== 'undefined' || typeof _malloc !== 'undefined'",
    ],
    [
      "finds none of the platform's own functions",
      "return ['write', 'begin', 'settle', 'describe', 'host'].some((name) => name in globalThis && name !== 'host')",
    ],
    ["finds no navigator", "return typeof navigator !== 'undefined' || typeof location !== 'undefined'"],
    ["finds no crypto of the host", "return typeof crypto !== 'undefined'"],
    ["finds no structuredClone", "return typeof structuredClone !== 'undefined'"],
    ["reaches nothing by a function's constructor", "return runs((code) => (() => 0).constructor(code), seesHost)"],
    ["reaches nothing by console's constructor", "return runs((code) => console.log.constructor(code), seesHost)"],
    [
      "reaches nothing by its console's constructor's constructor",
      "return runs((code) => console.constructor.constructor(code), seesHost)",
    ],
    ["reaches nothing by a method's constructor", "return runs((code) => [].map.constructor(code), seesHost)"],
    ["reaches nothing by payload's constructor", "return runs((code) => Object(payload).constructor.constructor(code), seesHost)"],
    ["reaches nothing by Function", "return runs(Function, seesHost)"],
    ["reaches nothing by Reflect.construct", "return runs((code) => Reflect.construct(Function, [code]), seesHost)"],
    ["reaches nothing by eval", "return isHost(eval('this'))"],
    ["reaches nothing by an indirect eval", "return isHost((0, eval)('this'))"],
    ["reaches nothing by a sloppy function's this", "return isHost((function () { return this; })())"],
    ["reaches nothing by a generator's constructor", "return isHost((function* () {}).constructor('yield this')().next().value)"],
    [
      "reaches nothing by an error's stack",
      "return /node:|file:|\\/(usr|home|root|work|tmp)\\b|\\.ts\\b|\\.mjs\\b/.test(new Error().stack)",
    ],
    [
      "reaches nothing by the stack of an error of console",
      "try { console.log({ toJSON() { throw new Error('x'); } }) } catch (e) { return /node:|file:|\\.ts\\b/.test(e.stack) }",
    ],
    [
      "is given no structured stack",
      "Error.prepareStackTrace = (_, frames) => frames; const { stack } = new Error(); return Array.isArray(stack) && stack.some((frame) => isHost(frame.getThis?.()))",
    ],
    ["reaches nothing by Error.captureStackTrace", "const a = {}; Error.captureStackTrace?.(a); return /node:|file:/.test(a.stack ?? '')"],
    ["reaches no caller", "function f() { return f.caller } return isHost(f()) || typeof f() === 'function' && isHost(f().arguments?.[0])"],
    ["reaches nothing by arguments.callee", "return (function () { return isHost(arguments.callee.caller) })()"],
    [
      "reaches nothing of the host by a proxy that console is given",
      "let seen = false; console.log(new Proxy({}, { get(t, k, r) { seen ||= isHost(r); return undefined } })); return seen",
    ],
    [
      "reaches nothing of the host by toString that console calls",
      "let seen = false; console.log({ toJSON() { seen = isHost(this) || isHost(arguments[1]); return 1 } }); return seen",
    ],
    [
      "reaches nothing of the host by a bent join",
      "let seen = false; const { join } = Array.prototype; Array.prototype.join = function () { seen ||= isHost(this); return join.apply(this, arguments) }; console.log(1); return seen",
    ],
    [
      "reaches nothing of the host by a bent then",
      "let seen = false; const { then } = Promise.prototype; Promise.prototype.then = function (a, b) { seen ||= runs((code) => a.constructor(code), seesHost); return then.call(this, a, b) }; Promise.resolve(1).then(() => 1); return seen",
    ],
    [
      "reaches nothing of the host by Symbol.species",
      "let seen = false; class A extends Array { static get [Symbol.species]() { seen ||= isHost(this); return Array } } console.log(new A(1, 2)); return seen",
    ],
    [
      "reaches nothing of the host by Symbol.toPrimitive",
      "let seen = false; console.log({ [Symbol.toPrimitive]() { seen ||= isHost(this); return 'x' } }); return seen",
    ],
    [
      "reaches nothing of the host by Symbol.replace of texts",
      "let seen = false; String.prototype[Symbol.replace] = function (s, r) { seen ||= isHost(this); return s }; console.log('x'); return seen",
    ],
    ["replaces nothing of the host by its prototypes", "Object.prototype.polluted = 1; return false"],
    ["finds no files by a dynamic import", "let seen = false; import('fs').then(() => { seen = true }, () => 0); return seen"],
    ["compiles no module with a host's meta", "return runs((code) => Function(code), 'return import.meta.url')"],
    ["has no debugger that stops", "debugger; return false"],
    ["reads no memory beyond a buffer", "return new Uint8Array(new ArrayBuffer(8))[64] !== undefined"],
    ["reads no memory by a view that is too long", "try { new DataView(new ArrayBuffer(8), 0, 4096); return true } catch { return false }"],
    [
      "reads no memory by a view whose buffer shrinks",
      "const b = new ArrayBuffer(64, { maxByteLength: 128 }); const v = new Uint8Array(b, 32); b.resize(8); return v.length > 0 && v[0] !== undefined",
    ],
    [
      "reads no memory by a detached buffer",
      "const b = new ArrayBuffer(64); const v = new Uint8Array(b); b.transfer?.(); return b.detached === true && v[0] !== undefined",
    ],
    [
      "reads no memory by a list that shrinks while it is sorted",
      "const a = Array.from({ length: 100 }, (_, i) => ({ i })); a.sort(() => { a.length = 0; return 0 }); return a.some((x) => typeof x !== 'object' && x !== undefined)",
    ],
    [
      "reads no memory by a list that shrinks while it is joined",
      "const a = [1, { toString() { a.length = 0; return 'x' } }, 2, 3]; return /[^x1,]/.test(a.join())",
    ],
    [
      "reads no memory by a typed list whose buffer goes while it is filled",
      "const b = new ArrayBuffer(64, { maxByteLength: 64 }); const v = new Uint8Array(b); try { v.fill({ valueOf() { b.resize(0); return 7 } }) } catch {} return v[0] === 7",
    ],
    [
      "reads no memory by a regular expression that is changed while it runs",
      "const r = /a/g; r.lastIndex = { valueOf() { r.compile?.('b'); return 0 } }; const found = r.exec('aab'); return found !== null && !'aab'.includes(found[0])",
    ],
    ["reads no memory by a split surrogate", "return '\\u{1F600}'.charCodeAt(5) === 0"],
    [
      "waits for nobody",
      "try { return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1) === 'timed-out' && false } catch { return false }",
    ],
    ["shares no memory with the host", "return new Uint8Array(new SharedArrayBuffer(64)).some((byte) => byte !== 0)"],
    [
      "is not told when the host collects",
      "let seen = false; new FinalizationRegistry((held) => { seen = isHost(held) }).register({}, {}); return seen",
    ],
    ["sees no environment", "return Object.getOwnPropertyNames(globalThis).some((name) => /env|path|secret|key/i.test(name))"],
    ["sees no other program's globals", "return 'leak' in globalThis"],
    ["takes no more memory than it may", "try { new ArrayBuffer(200 << 20); return true } catch { return false }"],
    ["prints to nobody's console but its node's", "return console.log('x') !== undefined"],
  ])("%s", async (_name, attempt) => {
    expect(await escapes(attempt)).toBe(false);
  });

  it("is looked at as it should be: an attempt that gets out is told", async () => {
    expect(await escapes("globalThis.process = 1; return isHost(globalThis)")).toBe(true);
  });

  it("leaves nothing for the next program, whatever it bends", async () => {
    await runJavaScript(
      "globalThis.leak = 1; JSON.stringify = null; Object.prototype.leak = 1; Array.prototype.map = null; console.log = null;",
    );
    expect(
      await valueOf("console.log('x'); result = ['leak' in globalThis, 'leak' in {}, typeof JSON.stringify, [1].map((x) => x)]"),
    ).toEqual([false, false, "function", [1]]);
  });

  it("bends nothing by which its host judges it", async () => {
    const bent = `
globalThis.JSON = { stringify: () => "{}", parse: () => 1 };
Object.prototype.toString = () => "[object Object]"; Array.isArray = () => false; Number.isFinite = () => true;
Object.prototype.toJSON = undefined; Promise.resolve = () => 1;`;
    expect(await runJavaScript(`${bent}\nresult = [NaN]`)).toMatchObject({ code: "CODE_RESULT_NOT_JSON" });
    expect(await valueOf(`${bent}\nresult = { a: [1] }`)).toEqual({ a: [1] });
    expect({}).not.toHaveProperty("polluted");
  });

  it.each([
    "throw new Error('SANDBOX_UNAVAILABLE')",
    "throw { kind: 'failed', code: 'SANDBOX_UNAVAILABLE', message: 'the host is to blame' }",
    "const e = new Error('the host is to blame'); e.code = 'SANDBOX_UNAVAILABLE'; e.verdict = { kind: 'failed', code: 'SANDBOX_BUSY' }; throw e",
    "eval('['.repeat(100000))",
  ])("cannot say that the host is to blame: %j", async (code) => {
    expect(await runJavaScript(code)).toMatchObject({ kind: "failed", code: "CODE_ERROR" });
  });
});
