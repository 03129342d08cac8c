import { throwAwayEnvironment } from "../../../cli/client/trials/own-platform.ts";

describe("a throw-away platform", () => {
  it("has nothing of the environment by which it would touch the real one's data", () => {
    const real = ["DATABASE_URL", "DATABASE_DIRECT_URL", "ENGINE_DATABASE_URL", "RUNTIME_DATABASE_URL", "WAL_ARCHIVE_DIR"];
    const environment = {
      PATH: "/bin",
      AGENT_PLATFORM_WORKERS: "2",
      ...Object.fromEntries(real.map((name) => [`AGENT_PLATFORM_${name}`, "it"])),
    };
    expect(throwAwayEnvironment(environment)).toEqual({ PATH: "/bin", AGENT_PLATFORM_WORKERS: "2" });
  });
});
