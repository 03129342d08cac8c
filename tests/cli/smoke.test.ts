import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { noJail } from "../runtime/sandbox/jail.ts";

const bin = fileURLToPath(new URL("../../cli/bin.mjs", import.meta.url));

interface SmokeLine {
  name: string;
  outcome: "passed" | "failed" | "skipped";
  details: string[];
}

describe("smoke", () => {
  it("S-61 runs every sample on a throw-away platform, and ends with 0", async () => {
    const child = spawn(process.execPath, [bin, "smoke", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let words = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    const lines = output
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as SmokeLine);
    // Code nodes are the host's matter: where it has no jail, and only there, the sample says so.
    const mayBeSkipped = ({ details }: SmokeLine) => noJail !== null && details.join().includes("SANDBOX_UNAVAILABLE");
    const broken = lines.filter((line) => line.outcome !== "passed" && !(line.outcome === "skipped" && mayBeSkipped(line)));
    expect({ broken, code, words: code === 0 ? "" : words }).toEqual({ broken: [], code: 0, words: "" });
    expect(lines.length).toBeGreaterThanOrEqual(10);
  });
});
