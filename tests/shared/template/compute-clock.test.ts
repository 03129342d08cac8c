import { ComputeClock } from "#shared/template/compute-clock.ts";

/** Lets the time pass and computes nothing, as a thread does that gets no processor. */
function stand(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("the clock of an evaluation", () => {
  it("counts what is computed, and not how long others have the machine", () => {
    const clock = new ComputeClock(100);
    stand(200);
    expect(clock.isOver()).toBe(false);
    const beganAtMs = performance.now();
    while (!clock.isOver());
    expect(performance.now() - beganAtMs).toBeGreaterThan(50);
    expect(clock.isOver()).toBe(true);
  });

  it("ends after eight times its limit by the wall", () => {
    const clock = new ComputeClock(20);
    stand(170);
    expect(clock.isOver()).toBe(true);
  });
});
