/**
 * One JavaScript program in one instance of QuickJS, made for it and never used again: its memory is a WebAssembly memory of its own, with a maximum. The
 * program reaches no function of the host but the one that writes what it prints. It runs in a thread of its own (quickjs-thread.ts), for a native loop,
 * such as the product of two huge numbers, looks at no clock; then the thread is ended.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from "quickjs-emscripten-core";
import { excessWords, jsonExcess } from "#shared/json/value-count.ts";
import { namesMain } from "./main-call.ts";
import { guestSource, programFile } from "./quickjs-guest.ts";
import type { PrintedPage, ProgramMessage, ProgramVerdict } from "./quickjs-messages.ts";
import { mostOfMessage } from "./sandbox.ts";

/** A deeper one overflows the host's stack before QuickJS notices. */
const stackBytes = 256 << 10;
const wordsBytes = 4 << 20;
const pageBytes = 65_536;
const firstPages = 256;
/** More is more than the compiled code declares. */
const mostPages = 32_768;

/** Node has it, and its types do not say so. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { compile(bytes: Uint8Array): Promise<object>; Memory: new (pages: { initial: number; maximum: number }) => object };
};
// Its types are those of its other form, for require.
const quickjs = variant as unknown as QuickJSSyncVariant;

let compiled: Promise<object> | undefined;

/** Compiles QuickJS, once a thread. */
export function compileQuickjs(): Promise<object> {
  const file = fileURLToPath(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm"));
  compiled ??= readFile(file).then((bytes) => WebAssembly.compile(bytes));
  return compiled;
}

/** Why a program ends early. */
class Stop extends Error {
  readonly verdict: ProgramVerdict & { kind: "failed" };

  constructor(verdict: ProgramVerdict & { kind: "failed" }) {
    super(verdict.message);
    this.verdict = verdict;
  }
}

/** Runs a program to its end. `began` is called when all is ready and its time runs. Never rejects for the program's sake. */
export async function runInQuickjs(program: ProgramMessage, page: PrintedPage, began: () => void): Promise<ProgramVerdict> {
  const wasmModule = await compileQuickjs();
  // The payload and the result go in and out beside the program's own memory, which QuickJS counts.
  const maximum = Math.min(mostPages, firstPages + Math.ceil((program.memoryBytes * 2) / pageBytes));
  const wasmMemory = new WebAssembly.Memory({ initial: firstPages, maximum });
  const instance = await newQuickJSWASMModuleFromVariant(newVariant(quickjs, { wasmModule, wasmMemory }));
  const run = new QuickjsRun(instance.newContext(), program, page);
  began();
  return run.toEnd();
}

/** A program that runs. Nothing of it is disposed of: all goes with its instance. */
class QuickjsRun {
  readonly #context: QuickJSContext;
  readonly #guest: QuickJSHandle;
  readonly #program: ProgramMessage;
  readonly #page: PrintedPage;
  readonly #deadlineMs: number;
  #stopped: Stop | undefined;

  constructor(context: QuickJSContext, program: ProgramMessage, page: PrintedPage) {
    this.#program = program;
    this.#page = page;
    this.#context = context;
    const { runtime } = this.#context;
    runtime.setMemoryLimit(program.memoryBytes);
    runtime.setMaxStackSize(stackBytes);
    const write = this.#context.newFunction("write", (text) => this.#write(text));
    const make = this.#context.unwrapResult(this.#context.evalCode(guestSource, "<platform>"));
    this.#guest = this.#context.unwrapResult(this.#context.callFunction(make, this.#context.undefined, write));
    this.#deadlineMs = performance.now() + program.timeoutMs;
    runtime.setInterruptHandler(() => this.#isOver());
  }

  toEnd(): ProgramVerdict {
    try {
      return this.#toResult();
    } catch (error) {
      if (this.#stopped !== undefined) return this.#stopped.verdict;
      return error instanceof Stop ? error.verdict : crashed(error, this.#program.memoryBytes);
    }
  }

  #toResult(): ProgramVerdict {
    this.#ask("begin", this.#context.newString(this.#program.payload));
    this.#evaluate(this.#program.code, programFile);
    this.#runJobs();
    const value = this.#awaited(this.#result());
    const problem = this.#ask("problem", value);
    if (this.#context.typeof(problem) === "string")
      return failed("CODE_RESULT_NOT_JSON", `The program's result is not JSON: ${this.#text(problem)}.`);
    return this.#completed(this.#ask("json", value));
  }

  /** What the program leaves in `result`; else what its main makes of the payload. */
  #result(): QuickJSHandle {
    const result = this.#evaluate("result", "<result>");
    if (this.#context.typeof(result) !== "undefined") return result;
    const main = this.#evaluate("typeof main", "<main>");
    if (this.#context.getString(main) !== "function" || namesMain(this.#program.code)) return result;
    return this.#evaluate("main(payload)", "<main>");
  }

  /** The value of a promise, when all that it waits for has happened. Nothing in here takes time but the program, so that is now or never. */
  #awaited(value: QuickJSHandle): QuickJSHandle {
    if (!this.#context.dump(this.#ask("isThenable", value))) return value;
    this.#ask("settle", value);
    this.#runJobs();
    const state = this.#context.getString(this.#ask("settledAs"));
    if (state === "pending") throw new Stop(failed("CODE_ERROR", "The program's result is a promise that nothing settles."));
    const settled = this.#ask("settledValue");
    if (state === "rejected") this.#fail(settled);
    return settled;
  }

  #completed(json: QuickJSHandle): ProgramVerdict {
    const { resultBytes } = this.#program;
    const tooLarge = failed("CODE_OUTPUT_TOO_LARGE", `The program's result is larger than ${resultBytes} bytes.`);
    if (this.#lengthOf(json) > resultBytes) return tooLarge;
    const text = this.#text(json);
    if (Buffer.byteLength(text) > resultBytes) return tooLarge;
    const excess = jsonExcess(text);
    if (excess === undefined) return { kind: "completed", json: text };
    return failed("CODE_OUTPUT_TOO_LARGE", `The program's result ${excessWords(excess)}; give back less, or text.`);
  }

  #evaluate(code: string, file: string): QuickJSHandle {
    return this.#checked(this.#context.evalCode(code, file, { type: "global" }));
  }

  #ask(name: string, ...values: QuickJSHandle[]): QuickJSHandle {
    return this.#checked(this.#context.callFunction(this.#context.getProp(this.#guest, name), this.#context.undefined, ...values));
  }

  #runJobs(): void {
    const { error } = this.#context.runtime.executePendingJobs();
    if (error !== undefined) this.#fail(error);
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  #checked(result: ReturnType<QuickJSContext["evalCode"]>): QuickJSHandle {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (result.error !== undefined) this.#fail(result.error);
    return result.value;
  }

  /** Ends with an error of the program, told in the program's own words. */
  #fail(error: QuickJSHandle): never {
    // Whoever is out of memory has none left for words.
    this.#context.runtime.setMemoryLimit(this.#program.memoryBytes + wordsBytes);
    const told = this.#text(this.#ask("describe", error));
    const { message, isMemory } = (JSON.parse(told) ?? {}) as { message?: unknown; isMemory?: unknown };
    if (isMemory === true || message === undefined) throw new Stop(outOfMemory(this.#program.memoryBytes));
    // A program that bends how JSON is written may put anything here.
    throw new Stop(failed("CODE_ERROR", typeof message === "string" ? message : "Error: (its message cannot be shown)"));
  }

  /** A text of QuickJS, which makes a copy of it; an empty one is a copy for which there was no room. */
  #text(handle: QuickJSHandle): string {
    const text = this.#context.getString(handle);
    if (text === "") throw new Stop(outOfMemory(this.#program.memoryBytes));
    return text;
  }

  #lengthOf(text: QuickJSHandle): number {
    return this.#context.getNumber(this.#context.getProp(text, "length"));
  }

  #isOver(): boolean {
    if (this.#stopped === undefined && performance.now() > this.#deadlineMs)
      this.#stopped = new Stop(failed("CODE_TIMEOUT", `The program ran longer than ${this.#program.timeoutMs} ms.`));
    return this.#stopped !== undefined;
  }

  /** Writes as much as there is room for. A program that prints more is interrupted at its next step. */
  #write(text: QuickJSHandle): void {
    if (this.#stopped !== undefined) return;
    const { length, text: room } = this.#page;
    const at = Atomics.load(length, 0);
    const written = Buffer.from(room.buffer, room.byteOffset, room.byteLength);
    const said = this.#context.getString(text);
    Atomics.store(length, 0, at + written.write(said, at, "utf8"));
    if (at + Buffer.byteLength(said) <= room.byteLength) return;
    this.#stopped = new Stop(failed("CODE_OUTPUT_TOO_LARGE", `The program printed more than ${room.byteLength} bytes.`));
    throw this.#stopped;
  }
}

/** QuickJS itself gave up, or its memory could not grow. */
function crashed(error: unknown, memoryBytes: number): ProgramVerdict {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (/out of memory|OOM|memory\.grow|enlarge memory/i.test(said)) return outOfMemory(memoryBytes);
  return failed("CODE_ERROR", `The program crashed its interpreter (${said.slice(0, 200)}).`);
}

function outOfMemory(memoryBytes: number) {
  return failed("CODE_MEMORY", `The program used more than ${memoryBytes >> 20} MiB of memory.`);
}

function failed(code: Extract<ProgramVerdict, { kind: "failed" }>["code"], message: string) {
  return { kind: "failed", code, message: message.slice(0, mostOfMessage) } as const;
}
