import { endCause, RestartPace, type PartEnd } from "../../../cli/process/restart-pace.ts";

const end = (of: Partial<PartEnd>): PartEnd => ({ code: null, signal: null, wasReady: true, livedMs: 1, wasStuck: false, ...of });
const killed = end({ signal: "SIGKILL" });
const crashed = end({ code: 1 });
const unstarted = end({ code: 1, wasReady: false });
const waits = (pace: RestartPace, ends: PartEnd[]) =>
  ends.map((of) => {
    const restart = pace.next(of);
    return restart === "give up" ? restart : restart.inMs;
  });

describe("endCause", () => {
  it.each([
    { of: killed, cause: "killed" },
    { of: end({ signal: "SIGTERM", wasReady: false }), cause: "killed" },
    { of: end({ signal: "SIGKILL", wasStuck: true }), cause: "stuck" },
    // How V8 ends a process whose heap is full.
    { of: end({ signal: "SIGABRT" }), cause: "crashed" },
    { of: end({ signal: "SIGSEGV" }), cause: "crashed" },
    { of: crashed, cause: "crashed" },
    { of: end({ code: 0 }), cause: "crashed" },
    { of: unstarted, cause: "unstarted" },
  ])("is $cause for $of", ({ of, cause }) => {
    expect(endCause(of)).toBe(cause);
  });
});

describe("RestartPace", () => {
  it("starts what was killed again at once, and never later than after a second", () => {
    expect(waits(new RestartPace(), Array(8).fill(killed))).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it("waits twice as long before each restart of what ends by itself, up to 10 s", () => {
    expect(waits(new RestartPace(), Array(8).fill(crashed))).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it("starts its counts anew after a steady life", () => {
    const steady = { livedMs: 30_001 };
    const pace = new RestartPace({ limit: { causes: ["crashed"], ends: 3 } });
    expect(waits(pace, [crashed, crashed, end({ code: 1, ...steady }), crashed, end({ signal: "SIGKILL", ...steady }), killed])).toEqual([
      200, 400, 200, 400, 50, 100,
    ]);
  });

  it("gives up what reaches the limit of its causes, and counts no others", () => {
    const pace = new RestartPace({ limit: { causes: ["unstarted"], ends: 3 } });
    expect(waits(pace, [unstarted, crashed, killed, unstarted, killed, unstarted])).toEqual([200, 400, 50, 800, 100, "give up"]);
  });
});
