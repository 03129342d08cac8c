/** The demo of an agent: from nothing to its answer, without a key. */
import { runCli } from "../cli/cli-process.ts";

describe("demo agent", () => {
  it("shows an agent that asks a person and remembers, and ends with 0", async () => {
    const { code, output } = await runCli("real", ["demo", "agent"]).ended;
    expect(output).toContain("a person is asked");
    expect(output).toContain("39 EUR are on their way back to you.");
    expect(output).toContain("Your refund of order 17 is on its way, Ada.");
    expect(code).toBe(0);
  }, 300_000);
});
