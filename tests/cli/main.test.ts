import { statSync } from "node:fs";
import { runCli } from "./cli-process.ts";

const database = (JSON.parse(process.env["AGENT_PLATFORM_TEST_TEMPLATE"] ?? "{}") as { admin: string }).admin;

describe("the command line", () => {
  it("lists its commands with --help and ends with 0", async () => {
    const { code, output } = await runCli("real", ["--help"]).ended;
    for (const command of ["start", "router", "subgraph", "worker", "migrate"]) expect(output).toContain(`  ${command}`);
    expect(code).toBe(0);
  });

  it("is executable as it lies there, so that npm, which makes it so, changes no checkout that it installs", () => {
    expect(statSync(new URL("../../cli/bin.mjs", import.meta.url)).mode & 0o111).toBe(0o111);
  });

  it.each([
    { argv: ["sing"], says: "unknown command 'sing'" },
    { argv: ["worker", "--concurrency", "many"], says: "whole number" },
    { argv: ["worker", "--only", " , "], says: "at least one" },
    { argv: ["worker", "--only", "llm,tol"], says: "no node type tol; there are llm, tool" },
    { argv: ["run", "flow.json", "--url", "127.0.0.1:4000"], says: "It is a URL, such as http://127.0.0.1:4000/graphql" },
    { argv: ["demo", "nothing"], says: "There is no example nothing; there are data-clean-up" },
    { argv: ["run", "examples/lead-scoring.json", "--input", "[1]"], says: "which is no JSON object" },
    {
      argv: ["run", "examples/lead-scoring.json", "--input", '{"leads":[{"id":7615917337495251231}]}'],
      says: "--input.leads.0.id is the number 7615917337495251231",
    },
    { argv: ["run", "examples/lead-scoring.json", "--input", "{bad"], says: "--input is {bad, which is no JSON object" },
    { argv: ["demo", "draft-and-review"], says: "AGENT_PLATFORM_PROVIDER_BASE_URL=http://localhost:11434/v1" },
    { argv: ["follow", "1", "--give-up-after", "soon"], says: "It is a number of seconds, 0 to 86400" },
    { argv: ["subgraph"], says: "missing required argument" },
    { argv: ["keys", "create", "--tenant", "t1", "--scopes", "nonsense"], says: "nonsense" },
    { argv: ["keys", "create", "--tenant", "t1", "--scopes", "reader,"], says: "--scopes" },
    { argv: ["keys", "create", "--tenant", "t1", "--scopes", ""], says: "--scopes" },
    { argv: ["keys", "create", "--tenant", "t1", "--name", ""], says: "--name" },
    { argv: ["keys", "create", "--tenant", "t1", "--admin", "--scopes", "reader"], says: "cannot be used with" },
    { argv: ["keys", "create", "--tenant", "a b"], says: "It is 1 to 63 letters" },
    { argv: ["keys", "create", "--tenant", "t1", "--expires-in-days", "0"], says: "It is a number of days" },
    { argv: ["keys", "create"], says: "required option" },
    { argv: ["keys", "list", "--tenant", "*"], says: "It is 1 to 63 letters" },
    { argv: ["keys", "revoke"], says: "missing required argument" },
    { argv: ["audit", "verify", "--tenant", "a b"], says: "It is 1 to 63 letters" },
    { argv: ["audit", "export", "--tenant", "a b"], says: "It is 1 to 63 letters" },
    { argv: ["follow", "1", "--tenant", "a b"], says: "It is 1 to 63 letters" },
    { argv: ["schedules", "list", "--tenant", "a b"], says: "It is 1 to 63 letters" },
    { argv: ["webhooks", "list", "--tenant", "a b"], says: "It is 1 to 63 letters" },
    { argv: ["schedules", "create", "w-1", "0 9 * * *", "--name", ""], says: "--name" },
    { argv: ["webhooks", "create", "w-1", "--name", ""], says: "--name" },
    { argv: ["answer", "--tenant", "a b"], says: "It is 1 to 63 letters" },
    { argv: ["smoke", "--tenant", "a b"], says: "It is 1 to 63 letters" },
    { argv: [], says: "Usage: node cli/bin.mjs" },
  ])("ends with 2 and says why when asked wrongly: $argv", async ({ argv, says }) => {
    const { code, output } = await runCli("real", argv).ended;
    expect(output).toContain(says);
    expect(code).toBe(2);
  });

  it.each(["start", "router", "subgraph", "worker", "migrate", "run", "follow", "demo", "smoke"])(
    "shows by an example how %s is used",
    async (command) => {
      const { code, output } = await runCli("real", [command, "--help"]).ended;
      expect(output).toMatch(/Examples?:/);
      expect(code).toBe(0);
    },
  );

  it("shows commands that can be pasted where it was called", async () => {
    const { output } = await runCli("real", ["run", "--help"]).ended;
    expect(output).toMatch(/^Usage: node cli\/bin\.mjs run /);
    expect(output).toContain("\n  node cli/bin.mjs run examples/lead-scoring.json --follow\n");
    expect(output).not.toContain("agent-platform run");
  });

  it("names all addresses of subgraphs that a router lacks, and ends with 2", async () => {
    const { code, output } = await runCli("real", ["router"], {
      AGENT_PLATFORM_PORT: "0",
      AGENT_PLATFORM_TOOL_SUBGRAPH_URL: "http://127.0.0.1:1/graphql",
      AGENT_PLATFORM_DATABASE_URL: database,
      AGENT_PLATFORM_ENCRYPTION_KEY: "0".repeat(64),
      AGENT_PLATFORM_INTERNAL_KEY: "0".repeat(64),
    }).ended;
    expect(output).toContain("AGENT_PLATFORM_WORKFLOW_SUBGRAPH_URL");
    expect(output).toContain("AGENT_PLATFORM_MODEL_SUBGRAPH_URL");
    expect(output).not.toContain("AGENT_PLATFORM_TOOL_SUBGRAPH_URL");
    expect(code).toBe(2);
  });

  it.each([["router"], ["subgraph", "workflow"], ["worker"]])(
    "does not start %s on a database of one's own without a key",
    async (...command) => {
      const { code, output } = await runCli("fake", command, {
        AGENT_PLATFORM_PORT: "0",
        AGENT_PLATFORM_DATABASE_URL: "postgres://db.example/all",
        AGENT_PLATFORM_ENCRYPTION_KEY: "0".repeat(64),
        AGENT_PLATFORM_HOST: command[0] === "subgraph" ? "0.0.0.0" : "127.0.0.1",
      }).ended;
      expect(output).toContain("AGENT_PLATFORM_INTERNAL_KEY is not set");
      expect(code).toBe(2);
    },
  );

  it("names a subgraph that is not there with those that are", async () => {
    const { code, output } = await runCli("fake", ["subgraph", "weather"]).ended;
    expect(output).toContain("there is no subgraph weather; there are workflow");
    expect(code).toBe(2);
  });

  it("reports all problems of the environment together, with an example each, and ends with 2", async () => {
    const { code, output } = await runCli("fake", ["start"], { AGENT_PLATFORM_PORT: "many", AGENT_PLATFORM_WORKERS: "-1" }).ended;
    expect(output).toMatch(/AGENT_PLATFORM_PORT=many: .*Example: AGENT_PLATFORM_PORT=4000/);
    expect(output).toMatch(/AGENT_PLATFORM_WORKERS=-1: .*Example: AGENT_PLATFORM_WORKERS=1/);
    expect(code).toBe(2);
  });

  const onLinux = process.platform === "linux" ? ["/proc/x", "/proc/self/x/y"] : [];
  it.each([...onLinux, "/dev/null/x"])("says at once that %s can be no data folder", async (dataDir) => {
    for (const argv of [["start"], ["router"]]) {
      const cli = runCli("fake", argv, {
        AGENT_PLATFORM_PORT: "0",
        AGENT_PLATFORM_DATA_DIR: dataDir,
        AGENT_PLATFORM_DATABASE_URL: database,
        AGENT_PLATFORM_ENCRYPTION_KEY: "0".repeat(64),
        AGENT_PLATFORM_INTERNAL_KEY: "0".repeat(64),
      });
      // One that makes folders for ever hears no other signal.
      const tooLong = setTimeout(() => cli.child.kill("SIGKILL"), 60_000);
      const { code, output } = await cli.ended;
      clearTimeout(tooLong);
      expect(output).toMatch(`The data folder ${dataDir} cannot be used (E`);
      expect(code).toBe(1);
    }
  });

  it.each([["start"], ["subgraph", "workflow"], ["run", "examples/lead-scoring.json"]])(
    "names in one line what %s ignores of the environment, and goes on",
    async (...argv) => {
      const { output } = await runCli("fake", argv, {
        AGENT_PLATFORM_HOST: "0.0.0.0",
        AGENT_PLATFORM_DATA_DIR: "/nowhere",
        AGENT_PLATFORM_PORT: "1",
        AGENT_PLATFORM_PROT: "4001",
        AGENT_PLATFORM_TOOLS_SUBGRAPH_URL: "http://127.0.0.1:1/graphql",
        AGENT_PLATFORM_TOOL_DATABASE_URL: "postgres://127.0.0.1/tool",
        AGENT_PLATFORM_SPEED: "high",
      }).ended;
      const [told, next] = output.split("\n");
      expect(told).toBe(
        "Ignored, for nothing reads them: AGENT_PLATFORM_PROT (did you mean AGENT_PLATFORM_PORT?), AGENT_PLATFORM_TOOLS_SUBGRAPH_URL " +
          "(did you mean AGENT_PLATFORM_TOOL_SUBGRAPH_URL?), AGENT_PLATFORM_SPEED. .env.example lists what is read.",
      );
      expect(next).toMatch(/would open the platform|cannot be reached|INTERNAL_KEY|No answer from/);
    },
  );

  it.each([["start"], ["router"]])("does not open %s to others while authentication is off", async (...argv) => {
    for (const host of ["0.0.0.0", "::", "192.168.0.1", "example.com", "127.0.0.1.example.com", "localhost."]) {
      const { code, output } = await runCli("fake", argv, { AGENT_PLATFORM_HOST: host }).ended;
      expect(output).toContain(`AGENT_PLATFORM_HOST=${host} would open the platform to others`);
      expect(code).toBe(1);
    }
  });

  it("tells a failure as JSON when asked to", async () => {
    const environment = { AGENT_PLATFORM_HOST: "0.0.0.0", AGENT_PLATFORM_SPEED: "high" };
    const { code, output } = await runCli("fake", ["start", "--json"], environment).ended;
    expect(
      output
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { event: "notice", text: expect.stringContaining("AGENT_PLATFORM_SPEED") },
      { error: { code: "FORBIDDEN", reason: "HOST_NOT_LOOPBACK" } },
    ]);
    expect(code).toBe(1);
  });

  it("reads a run's input from stdin, and says what is wrong with it", async () => {
    const { code, output } = await runCli("real", ["run", "examples/lead-scoring.json", "--input", "-"]).ended;
    expect(output).toContain("stdin is not JSON");
    expect(code).toBe(1);
  });

  it("tells in one sentence that no platform answers", async () => {
    const { code, output } = await runCli("real", ["run", "examples/lead-scoring.json", "--url", "http://127.0.0.1:1/graphql"]).ended;
    expect(output.trim()).toBe("No answer from http://127.0.0.1:1/graphql. Is the platform running?");
    expect(code).toBe(1);
  });
});
