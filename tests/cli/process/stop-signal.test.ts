import { runCli } from "../cli-process.ts";

describe("listenForStop", () => {
  it("tells a process to stop whose parent was killed while it was loading", async () => {
    const parent = runCli("orphan", []);
    await parent.says("loading");
    parent.child.kill("SIGKILL");
    // Its output is open for as long as the child lives.
    expect((await parent.ended).output).toContain("told to stop");
  });
});
