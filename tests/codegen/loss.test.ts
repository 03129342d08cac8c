import { LossTeller } from "#codegen/client/loss.ts";

beforeEach(() => void import.meta.jest.useFakeTimers());
afterEach(() => void import.meta.jest.useRealTimers());

function setup() {
  const told: string[] = [];
  const listener = {
    onLost: ({ cause }: { cause: unknown }) => told.push(`lost: ${String(cause)}`),
    onRegained: () => told.push("regained"),
  };
  return { told, losses: new LossTeller(listener, 60_000) };
}

describe("a loss", () => {
  it("is nobody's business when it is mended within a second", () => {
    const { told, losses } = setup();
    losses.lost("broken");
    import.meta.jest.advanceTimersByTime(999);
    losses.regained();
    import.meta.jest.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
  });

  it("is told once after a second, with its first cause, however often it is tried", () => {
    const { told, losses } = setup();
    for (const cause of ["broken", "refused", "refused", "refused"]) {
      losses.lost(cause);
      import.meta.jest.advanceTimersByTime(400);
      losses.tried(() => false);
    }
    import.meta.jest.advanceTimersByTime(30_000);
    expect(told).toEqual(["lost: broken"]);
  });

  it("is over when the connection stays open, not when it is opened and lost again", () => {
    const { told, losses } = setup();
    losses.lost("broken");
    import.meta.jest.advanceTimersByTime(1_000);
    losses.tried(() => true);
    import.meta.jest.advanceTimersByTime(1_900);
    losses.lost("SUBGRAPH_UNREACHABLE");
    import.meta.jest.advanceTimersByTime(5_000);
    expect(told).toEqual(["lost: broken"]);
    losses.tried(() => true);
    import.meta.jest.advanceTimersByTime(2_000);
    expect(told).toEqual(["lost: broken", "regained"]);
  });

  it("is told anew after the next one, and not at all once it has ended", () => {
    const { told, losses } = setup();
    for (const cause of ["one", "two"]) {
      losses.lost(cause);
      import.meta.jest.advanceTimersByTime(1_000);
      losses.regained();
    }
    losses.lost("three");
    losses.end();
    import.meta.jest.advanceTimersByTime(10_000);
    expect(told).toEqual(["lost: one", "regained", "lost: two", "regained"]);
    expect(import.meta.jest.getTimerCount()).toBe(0);
  });
});
