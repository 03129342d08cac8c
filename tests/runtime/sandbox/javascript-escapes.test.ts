import { runJavaScript, sandbox, valueOf } from "./programs.ts";

afterAll(() => sandbox.close());

/** The value of an attempt, in full: one that fails by a mistake of its own gives the error that it met, and passes for nothing. */
const attempted = (attempt: string, { before = "" }: { before?: string } = {}) =>
  valueOf(`${before}
const isHost = (world) => world != null && typeof Object(world).process !== "undefined";
const runs = (make) => make("return typeof process !== 'undefined'")();
result = (async () => { ${attempt} })().then((value) => (value === undefined ? "undefined" : value), (error) => "threw " + error);`);

const ofTheLanguage =
  `Error EvalError RangeError ReferenceError SyntaxError TypeError URIError InternalError AggregateError Array Object Function
  Iterator parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape Infinity NaN undefined eval
  Number Boolean String Math Reflect Symbol globalThis BigInt Date RegExp JSON Proxy Map Set WeakMap WeakSet ArrayBuffer SharedArrayBuffer
  Uint8ClampedArray Int8Array Uint8Array Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array
  Float64Array DataView Promise WeakRef FinalizationRegistry`.split(/\s+/);

/** Each is there in some host of JavaScript, or inside of ours. */
const ofHosts =
  `process require module exports __dirname __filename Buffer global fetch XMLHttpRequest WebSocket EventSource WebAssembly Worker
  MessageChannel BroadcastChannel importScripts setTimeout setInterval setImmediate queueMicrotask std os bjson scriptArgs print Module HEAP8 _malloc
  navigator location localStorage indexedDB crypto structuredClone performance Atomics Deno Bun write begin settle describe host`.split(
    /\s+/,
  );

/** Ways to the object that has all globals, or to code that runs in its world: each of them leads there, and the platform's is not what is found. */
const ways: [string, string][] = [
  ["globalThis", "return isHost(globalThis)"],
  ["Function", "return runs(Function)"],
  ["a function's constructor", "return runs((code) => (() => 0).constructor(code))"],
  ["console's constructor", "return runs((code) => console.log.constructor(code))"],
  ["the constructor of console's constructor", "return runs((code) => console.constructor.constructor(code))"],
  ["a class beneath console's constructor", "return runs((code) => new (class extends console.log.constructor {})(code))"],
  ["a method's constructor", "return runs((code) => [].map.constructor(code))"],
  ["payload's constructor", "return runs((code) => Object(payload).constructor.constructor(code))"],
  ["a bound function's constructor", "return runs((code) => console.log.bind(null).constructor(code))"],
  ["a proxy's constructor", "return runs((code) => new Proxy(console.log, {}).constructor(code))"],
  ["Reflect.construct", "return runs((code) => Reflect.construct(Function, [code]))"],
  ["Reflect.get of a prototype", "return runs((code) => Reflect.get(Function.prototype, 'constructor')(code))"],
  ["eval", "return isHost(eval('this'))"],
  ["an indirect eval", "return isHost((0, eval)('this'))"],
  ["a sloppy function's this", "return isHost((function () { return this; })())"],
  ["a method that is taken off its object", "const { f } = { f() { return this } }; return isHost(f())"],
  ["a generator's constructor", "return isHost((function* () {}).constructor('yield this')().next().value)"],
  ["an async function's constructor", "return isHost(await (async () => 0).constructor('return this')())"],
  ["an async generator's constructor", "return isHost((await (async function* () {}).constructor('yield this')().next()).value)"],
  ["a getter that is inherited", "const o = { get me() { return this } }; return isHost(Reflect.get(o, 'me', globalThis))"],
  ["code behind a parameter", "return isHost(Function('a = (function () { return this })()', 'return a')())"],
  ["an error's own constructor", "try { null.x } catch (error) { return runs((code) => error.constructor.constructor(code)) }"],
  [
    "what a promise was rejected with",
    "const e = await import('fs').catch((error) => error); return runs((code) => e.constructor.constructor(code))",
  ],
];

/** What the platform's code hands to a program's when it prints: all of it the program's own. Lists what it was given, which shows that it was called. */
const handed: [string, string, unknown][] = [
  ["toJSON", "console.log({ toJSON() { seen.push(typeof this, arguments.length, isHost(this)) } })", ["object", 1, false]],
  ["a getter", "console.log({ get a() { seen.push(isHost(this)) } })", [false]],
  ["a sloppy toJSON", "const f = function () { seen.push(this === globalThis) }; console.log({ toJSON: f })", [false]],
  [
    "a proxy",
    "const p = new Proxy({}, { get(t, k, r) { seen.push(k === 'toJSON' && (r === p || isHost(r))) }, ownKeys: () => [] }); console.log(p)",
    [true],
  ],
  [
    "a proxy of an error",
    "console.log(new Proxy(new Error('x'), { get(t, k) { seen.push(k); return t[k] } }))",
    ["stack", "name", "message"],
  ],
  [
    "a bent Object.prototype",
    "Object.defineProperty(Object.prototype, 'toJSON', { get() { seen[0] = isHost(this) } }); console.log({})",
    [false],
  ],
  [
    "a bent then",
    "const { then } = Promise.prototype; Promise.prototype.then = function (a, b) { seen.push(runs((code) => a.constructor(code))); return then.call(this, a, b) }; Promise.resolve(1).then(() => 1)",
    [false],
  ],
  ["its caller", "function spy() { seen.push(spy.caller ?? null) } console.log({ toJSON: spy })", [null]],
  [
    "Symbol.iterator",
    "class M extends Map { [Symbol.iterator]() { seen.push(isHost(this)); return [][Symbol.iterator]() } } console.log(new M())",
    [false],
  ],
];

/** Mistakes of engines: a size is looked at, then changed by what the program is called back by, then used. The values that are right by the language. */
const memory: [string, string, unknown][] = [
  ["beyond a buffer", "return new Uint8Array(new ArrayBuffer(8))[64]", "undefined"],
  ["of others in a new buffer", "return new Uint8Array(new ArrayBuffer(4 << 20)).some((byte) => byte !== 0)", false],
  ["of others in a shared buffer", "return new Uint8Array(new SharedArrayBuffer(4 << 20)).some((byte) => byte !== 0)", false],
  ["by a view that is too long", "return new DataView(new ArrayBuffer(8), 0, 4096)", "threw RangeError: invalid byteLength"],
  [
    "by a view whose buffer shrinks",
    "const b = new ArrayBuffer(64, { maxByteLength: 128 }); const v = new Uint8Array(b, 32); b.resize(8); return [v.length, v[0] ?? null]",
    [0, null],
  ],
  [
    "by a view whose buffer is gone",
    "const b = new ArrayBuffer(64); const v = new Uint8Array(b); b.transfer(); return [b.detached, v.length, v[0] ?? null]",
    [true, 0, null],
  ],
  [
    "by a buffer that goes while a place in it is asked for",
    "const b = new ArrayBuffer(16); return new DataView(b).getUint32({ valueOf() { b.transfer(0); return 0 } })",
    "threw TypeError: ArrayBuffer is detached",
  ],
  [
    "by a buffer that goes while a part of it is asked for",
    "const v = new Uint8Array(8); return v.subarray({ valueOf() { v.buffer.transfer(0); return 0 } }, 8)",
    "threw TypeError: ArrayBuffer is detached",
  ],
  [
    "by a buffer that goes while it is copied",
    "const v = new Uint8Array(8); return v.copyWithin(0, { valueOf() { v.buffer.transfer(0); return 4 } })",
    "threw TypeError: ArrayBuffer is detached or resized",
  ],
  [
    "by a buffer that goes while it is set",
    "const v = new Uint8Array(8); v.set({ length: 4, get 0() { v.buffer.transfer(0); return 1 }, 1: 2, 2: 3, 3: 4 }); return v.length",
    0,
  ],
  [
    "by a buffer that goes while it is sorted",
    "const v = new Float64Array(4); v.sort(() => { v.buffer.transfer(0); return 0 }); return v.length",
    0,
  ],
  [
    "by a buffer that shrinks while it is filled",
    "const b = new ArrayBuffer(64, { maxByteLength: 64 }); const v = new Uint8Array(b); v.fill({ valueOf() { b.resize(0); return 7 } }); return [v.length, v[0] ?? null]",
    [0, null],
  ],
  [
    "by a list that shrinks while it is sorted",
    "const a = Array(100).fill(1); a.sort(() => { a.length = 0; return 0 }); return a.filter((x) => x !== 1)",
    [],
  ],
  [
    "by a list that shrinks while it is joined",
    "const a = [1, { toString() { a.length = 0; return 'x' } }, 2, 3]; return a.join()",
    "1,x,,",
  ],
  [
    "by a list that shrinks while it is spliced",
    "const a = [1, 2, 3]; a.splice(0, { valueOf() { a.length = 0; return 3 } }); return a",
    [],
  ],
  [
    "by a list that shrinks while it is sliced",
    "const a = [1.1, 2.2]; return a.slice({ valueOf() { a.length = 0; return 0 } }).some((x) => x !== undefined)",
    false,
  ],
  ["by a list that shrinks while it is mapped", "const a = [1, 2, 3, 4]; return a.map((x) => { a.length = 1; return x }).length", 4],
  [
    "by a map that is cleared while it is walked",
    "const m = new Map([[1, 1], [2, 2]]); const got = []; for (const [k] of m) { got.push(k); m.clear(); if (k < 3) m.set(k + 1, 1) } return got",
    [1, 2, 3],
  ],
  [
    "by a set that changes while it is walked",
    "const s = new Set([1]); s.forEach((x) => { s.delete(x); if (x < 5) s.add(x + 1) }); return s.size",
    0,
  ],
  [
    "by a regular expression that is changed while it runs",
    "const r = /a/g; r.lastIndex = { valueOf() { r.compile('b'); return 0 } }; return [...r.exec('aab')]",
    ["b"],
  ],
  ["by what was collected", "return typeof new WeakRef({}).deref()", "undefined"],
  [
    "by a generator that ends itself",
    "const g = (function* () { try { yield 1 } finally { g.return(2) } })(); g.next(); return [...g]",
    "threw TypeError: cannot invoke a running generator",
  ],
  [
    "by a list whose class shortens it",
    "class A extends Array { constructor(n) { super(n); this.length = 0 } } return A.from([1, 2, 3]).length",
    3,
  ],
  ["beyond a text", "return Number.isNaN('\\u{1F600}'.charCodeAt(5)) && 'abc'.at(1e9) === undefined", true],
];

/** What ends the program, or its attempt, by the engine's limits. */
const limits: [string, string, unknown][] = [
  ["a buffer", "return new ArrayBuffer(200 << 20)", "threw InternalError: out of memory"],
  ["a text", "return 'x'.repeat(300 << 20)", "threw InternalError: out of memory"],
  ["a list", "return new Array(1e9).fill(0)", "threw InternalError: out of memory"],
  ["a number", "return 2n ** 40000000n", "threw RangeError: BigInt is too large"],
  ["a stack", "const f = () => f(); f()", "threw InternalError: stack overflow"],
  ["what it reads as JSON", "return JSON.parse('['.repeat(200000))", "threw SyntaxError: stack overflow"],
  [
    "what it writes as JSON",
    "let a = []; for (let i = 0; i < 200000; i++) a = [a]; return JSON.stringify(a)",
    "threw InternalError: stack overflow",
  ],
];

/** Loops in which the engine might not look at its clock. */
const endless = [
  "for (;;) await null",
  "for (;;) eval('1')",
  "return { get x() { for (;;); } }.x",
  "[1, 2, 3].sort(() => { for (;;); })",
  "/(a+)+$/.test('a'.repeat(40) + 'b')",
  "JSON.stringify({ toJSON() { for (;;); } })",
  "const p = new Proxy([], { get: (t, k) => (k === 'length' ? 2 ** 31 : t[k]) }); [].lastIndexOf.call(p, 1, -1)",
  "console.log({ get a() { for (;;); } })",
];

describe("a JavaScript program", () => {
  it("has the language's globals, its console, payload and result, and no other", async () => {
    const known = [...ofTheLanguage, "console", "payload", "result"];
    expect(
      await valueOf(`result = Object.getOwnPropertyNames(globalThis).filter((name) => !${JSON.stringify(known)}.includes(name))`),
    ).toEqual([]);
    expect(await valueOf("result = [Reflect.ownKeys(console), Object.getPrototypeOf(globalThis) === Object.prototype]")).toEqual([
      ["log", "info", "debug", "warn", "error"],
      true,
    ]);
  });

  it.each(ofHosts)("finds no %s", async (name) => {
    expect(await attempted(`return [typeof ${name}, ${JSON.stringify(name)} in globalThis]`)).toEqual(["undefined", false]);
  });

  it.each(ways)("finds nothing of the host by %s", async (_, attempt) => {
    expect(await attempted(attempt)).toBe(false);
    // That way leads to the world where a host would be.
    expect(await attempted(attempt, { before: "globalThis.process = {};" })).toBe(true);
  });

  it.each(handed)("is given nothing of the host by %s", async (_, attempt, seen) => {
    expect(await attempted(`const seen = []; ${attempt}; return JSON.stringify(seen)`)).toBe(JSON.stringify(seen));
  });

  it.each(memory)("reads no memory %s", async (_, attempt, right) => {
    expect(await attempted(attempt)).toEqual(right);
  });

  it.each(limits)("has its limits of %s", async (_, attempt, refusal) => {
    expect(await attempted(attempt)).toBe(refusal);
  });

  it.each(endless)("ends, whatever it is at: %s", async (attempt) => {
    const code = `async function main() { ${attempt} }`;
    expect(await runJavaScript(code, { timeoutMs: 50 })).toMatchObject({ kind: "failed", code: "CODE_TIMEOUT" });
  });

  it.each(["fs", "node:fs", "./a.js", "/etc/passwd", "data:text/javascript,1", "std", "os", "qjs:os", "https://example.com/a.js"])(
    "imports no %s",
    async (name) => {
      expect(await attempted(`return await import(${JSON.stringify(name)})`)).toMatch(/^threw ReferenceError: could not load module /);
    },
  );

  it.each([
    "return new Error().stack",
    "try { null.x } catch (error) { return error.stack }",
    "return (await import('fs').catch((error) => error)).stack ?? ''",
  ])("is told nothing of the host by a stack: %s", async (attempt) => {
    const stack = await attempted(`Error.prepareStackTrace = () => "bent"; ${attempt}`);
    expect(
      String(stack)
        .replaceAll(/at \S+ \(<(code|result|main)>:\d+:\d+\)|at \S+ \(native\)/g, "")
        .trim(),
    ).toBe("");
  });

  it("has no meta of a host's module", async () => {
    expect(await attempted("return Function('return import.meta.url')()")).toMatch(/^threw SyntaxError/);
  });

  it("leaves nothing for the next program, whatever it bends", async () => {
    await runJavaScript(
      "globalThis.leak = 1; JSON.stringify = null; Object.prototype.leak = 1; Array.prototype.map = null; console.log = null;",
    );
    expect(
      await valueOf("console.log('x'); result = ['leak' in globalThis, 'leak' in {}, typeof JSON.stringify, [1].map((x) => x)]"),
    ).toEqual([false, false, "function", [1]]);
    expect("leak" in {}).toBe(false);
  });

  it("bends nothing by which its host judges it", async () => {
    const bent = `
globalThis.JSON = { stringify: () => "{}", parse: () => 1 };
Object.prototype.toString = () => "[object Object]"; Array.isArray = () => false; Number.isFinite = () => true;
Object.prototype.toJSON = undefined; Promise.resolve = () => 1;`;
    expect(await runJavaScript(`${bent}\nresult = [NaN]`)).toMatchObject({ code: "CODE_RESULT_NOT_JSON" });
    expect(await valueOf(`${bent}\nresult = { a: [1] }`)).toEqual({ a: [1] });
  });

  it.each([
    "throw new Error('SANDBOX_UNAVAILABLE')",
    "throw { kind: 'failed', code: 'SANDBOX_UNAVAILABLE', message: 'the host is to blame' }",
    "const e = new Error('the host is to blame'); e.code = 'SANDBOX_UNAVAILABLE'; e.verdict = { kind: 'failed', code: 'SANDBOX_BUSY' }; throw e",
    "eval('['.repeat(100000))",
    ...["{ evil: 1 }", "[1]", "5", "null", "'x'.repeat(1e6)"].map(
      (message) =>
        `Object.prototype.toJSON = function () { delete Object.prototype.toJSON; return { message: ${message} } }; throw new Error("x")`,
    ),
    "result = { [Symbol.toStringTag]: 'x'.repeat(1e6) }",
  ])("cannot say that the host is to blame: %j", async (code) => {
    const { code: said, message } = (await runJavaScript(code)) as { code: string; message: string };
    expect(said).toMatch(/^CODE_(ERROR|RESULT_NOT_JSON)$/);
    // A text, and no longer than one that is read.
    expect(message).toEqual(expect.any(String));
    expect(message.length).toBeLessThanOrEqual(4_000);
  });
});
