import { notRun, type EngineTest, type Program, type ProgramEngine, type SandboxResult } from "./sandbox.ts";

// A failed test is made again after this long: the host may have been too busy to answer in time.
const retestMs = 60_000;

type Tested = EngineTest & { atMs: number };

/** An engine that runs nothing before its test has passed: tested once, again after a while where it failed, and whenever the host could not begin a program. */
export class TestedEngine {
  readonly #engine: ProgramEngine;
  #testing: Promise<Tested> | undefined;

  constructor(engine: ProgramEngine) {
    this.#engine = engine;
  }

  /** null: programs run here. */
  async problem(): Promise<string | null> {
    const tested = await this.#tested();
    return "problem" in tested ? tested.problem : null;
  }

  /** What the operator should know of an engine that works. */
  async note(): Promise<string | null> {
    const tested = await this.#tested();
    return "problem" in tested ? null : tested.note;
  }

  /** Runs a program; to be asked for a problem before. */
  async run(program: Program): Promise<SandboxResult> {
    const ran = await this.#engine.run(program);
    if (ran.kind !== "failed" || ran.code !== "SANDBOX_UNAVAILABLE") return ran;
    // This host has jailed a program before: it lacks something now, such as processes or memory. Where it lasts, the next test says so.
    this.#testing = undefined;
    return notRun("SANDBOX_BUSY", ran.message);
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }

  async #tested(): Promise<Tested> {
    const current = (this.#testing ??= this.#engine.test().then((tested) => ({ ...tested, atMs: performance.now() })));
    const tested = await current;
    if (!("problem" in tested) || performance.now() - tested.atMs <= retestMs) return tested;
    // Whoever comes first starts the new test; the others wait for it.
    if (this.#testing === current) this.#testing = undefined;
    return this.#tested();
  }
}
