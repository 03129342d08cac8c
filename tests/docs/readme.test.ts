/** What README.md tells a newcomer to paste. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { startKeyedPlatform } from "../testkit/keyed-platform.ts";
import { startTestPlatform } from "../testkit/platform.ts";

const readme = readFileSync("README.md", "utf8");
const [, block = ""] = /^```bash\n(ask\(\) \{[^]*?)^```$/m.exec(readme) ?? [];

/** As in a terminal of the project's folder, with the platform of the test in the place of the reader's. */
async function paste(url: string, apiKey?: string): Promise<string> {
  const given = apiKey === undefined ? {} : { AGENT_PLATFORM_API_KEY: apiKey };
  const env = { PATH: process.env["PATH"], AGENT_PLATFORM_PORT: new URL(url).port, AGENT_PLATFORM_DATA_DIR: "/nowhere", ...given };
  const shell = spawn("bash", ["-c", `${block.replace("http://127.0.0.1:4000/graphql", url)} 2>&1`], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = Promise.all([text(shell.stdout), text(shell.stderr)]);
  await once(shell, "close");
  return (await said).join("");
}

describe("README's first steps", () => {
  it("lead from curl to a finished run, and stop with the error when they are pasted again", async () => {
    await using platform = await startTestPlatform();
    const first = await paste(platform.url);
    expect(first).toContain("✓ run completed");
    expect(first).toContain(/^# (\{.*) …$/m.exec(block)![1]);
    const second = await paste(platform.url);
    expect(second).toContain('"reason":"APP_CODE_TAKEN"');
    expect(second.trim().split("\n")).toHaveLength(1);
  });

  it("are the same with a key, of its tenant, where keys are asked for; and say what to do where there is none", async () => {
    await using platform = await startKeyedPlatform({ workers: 1 });
    expect(await paste(platform.url)).toContain("An API key is needed. Send it as x-api-key");
    const { secret } = await platform.keyOf("t7");
    expect(await paste(platform.url, secret)).toContain("✓ run completed");
    const { data } = await platform.as(secret, "{ runs { nodes { outputText } } }");
    expect(data).toEqual({ runs: { nodes: [{ outputText: "Hello Ada!" }] } });
  });

  it("say that no platform answers, and do no more", async () => {
    expect((await paste("http://127.0.0.1:1/graphql")).trim()).toMatch(/^curl: .*port 1[^\n]*$/);
  });
});
