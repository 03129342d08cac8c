import { LossTeller } from "#codegen/client/loss.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

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
    jest.advanceTimersByTime(999);
    losses.regained();
    jest.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
  });

  it("is told once after a second, with its first cause, however often it is tried", () => {
    const { told, losses } = setup();
    for (const cause of ["broken", "refused", "refused", "refused"]) {
      losses.lost(cause);
      jest.advanceTimersByTime(400);
      losses.tried(() => false);
    }
    jest.advanceTimersByTime(30_000);
    expect(told).toEqual(["lost: broken"]);
  });

  it("is over when the connection stays open, not when it is opened and lost again", () => {
    const { told, losses } = setup();
    losses.lost("broken");
    jest.advanceTimersByTime(1_000);
    losses.tried(() => true);
    jest.advanceTimersByTime(1_900);
    losses.lost("SUBGRAPH_UNREACHABLE");
    jest.advanceTimersByTime(5_000);
    expect(told).toEqual(["lost: broken"]);
    losses.tried(() => true);
    jest.advanceTimersByTime(2_000);
    expect(told).toEqual(["lost: broken", "regained"]);
  });

  it("is told anew after the next one, and not at all once it has ended", () => {
    const { told, losses } = setup();
    for (const cause of ["one", "two"]) {
      losses.lost(cause);
      jest.advanceTimersByTime(1_000);
      losses.regained();
    }
    losses.lost("three");
    losses.end();
    jest.advanceTimersByTime(10_000);
    expect(told).toEqual(["lost: one", "regained", "lost: two", "regained"]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
