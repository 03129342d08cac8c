/**
 * What stands in a JavaScript program's world before it begins: `console`, and the functions by which the host asks for the end. It is a stranger's world:
 * a program that bends what is used here deceives only itself, for the host bounds and checks whatever comes out of it.
 */

/** The name of a program's file, as its errors' stacks say it. */
export const programFile = "<code>";

/** An expression: a function that takes the host's `write(text)` and gives what the host calls. */
export const guestSource = `(function (write) {
"use strict";
const { stringify, parse } = JSON;
const { isArray } = Array;
const { keys, getPrototypeOf, defineProperty } = Object;
const { isFinite } = Number;
const { then } = Promise.prototype;
const call = Function.prototype.call.bind(Function.prototype.call);
const { join, map } = Array.prototype;
const { slice, match, replaceAll } = String.prototype;
const tagOf = (value) => call(slice, call(Object.prototype.toString, value), 8, -1);
const text = String;
const host = globalThis;
const ErrorOf = Error;

function shown(value) {
  try {
    if (typeof value === "string") return value;
    if (typeof value === "bigint") return text(value) + "n";
    if (typeof value === "function") return "[Function " + (value.name || "(anonymous)") + "]";
    if (typeof value !== "object" || value === null) return text(value);
    if (value instanceof ErrorOf) return described(value).message;
    return stringify(isIterable(value) ? [...value] : value) ?? "undefined";
  } catch {
    return "[" + tagOf(value) + "]";
  }
}

const isIterable = (value) => value instanceof Map || value instanceof Set;
// NUL would end the text on its way to the host.
const print = (...values) => void write(call(replaceAll, call(join, call(map, values, shown), " ") + "\\n", "\\0", "\\ufffd"));

host.console = { log: print, info: print, debug: print, warn: print, error: print };
// So that a strict program may assign it, and any other declare it.
defineProperty(host, "result", { value: undefined, writable: true, enumerable: true, configurable: true });

/** Why a value is not JSON, naming the place; undefined when it is. Silent changes count as problems, but for what JSON.stringify drops of objects. */
function problemWith(value, path, depth) {
  if (depth > 200) return path + " is nested more than 200 deep";
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return isFinite(value) ? undefined : path + " is " + value;
  if (typeof value !== "object") return path + " is of type " + typeof value;
  if (typeof value.toJSON === "function") return problemWith(value.toJSON(""), path, depth + 1);
  if (isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const problem = problemWith(value[index], path + "[" + index + "]", depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const tag = tagOf(value);
  if (tag !== "Object") return path + " is of type " + tag;
  for (const key of keys(value)) {
    if (value[key] === undefined) continue;
    const problem = problemWith(value[key], path + "[" + stringify(call(slice, key, 0, 100)) + "]", depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** { message: "TypeError: x is not a function (line 3)", isMemory }: the innermost line of the program itself. */
function described(error) {
  try {
    if (!(error instanceof ErrorOf)) return { message: "The program threw " + call(slice, shown(error), 0, 2000), isMemory: false };
    const line = call(match, text(error.stack), /${programFile}:(\\d+)/)?.[1] ?? error.lineNumber;
    const name = text(error.name);
    const said = text(error.message);
    const message = name + (said === "" ? "" : ": " + call(slice, said, 0, 2000)) + (line === undefined ? "" : " (line " + line + ")");
    return { message, isMemory: name === "InternalError" && (said === "out of memory" || said === "string too long") };
  } catch {
    return { message: "Error: (its message cannot be shown)", isMemory: false };
  }
}

let settled;
return {
  begin(json) { host.payload = parse(json); },
  describe(error) { return stringify(described(error)); },
  isThenable(value) { return typeof value === "object" && value !== null && typeof value.then === "function"; },
  settle(value) {
    call(then, Promise.resolve(value), (result) => { settled = { result }; }, (error) => { settled = { error }; });
  },
  /** "pending", "fulfilled" or "rejected". */
  settledAs() { return settled === undefined ? "pending" : "error" in settled ? "rejected" : "fulfilled"; },
  settledValue() { return "error" in settled ? settled.error : settled.result; },
  problem(value) { return value === undefined ? undefined : problemWith(value, "result", 0); },
  json(value) { return stringify(value) ?? "null"; },
};
})`;
