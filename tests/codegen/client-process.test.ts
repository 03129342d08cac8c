import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fixtureRouter } from "../testkit/fixture-router.ts";
import { loader } from "../testkit/loader.ts";

const clientModule = new URL("../../codegen/client/client.ts", import.meta.url).href;
const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * What a user's script does: follows a run to its end, closes the client, and has nothing more to do. It says what would keep its process alive once
 * the socket is closed, which takes a word of the server.
 */
const script = `
import { parse } from "graphql";
import { createClient } from ${JSON.stringify(clientModule)};
const client = createClient({ url: process.argv[1] });
for await (const event of client.subscribe(parse('subscription { runStatus(id: "1", count: 1) { id } }'), {})) console.log("event");
await client.close();
console.log("closed");
const alive = () => process.getActiveResourcesInfo();
while (alive().includes("TCPSocketWrap")) await new Promise((resolve) => setImmediate(resolve));
console.log(alive().filter((kind) => kind === "Timeout").length + " timers");
`;

describe("the client", () => {
  it("leaves nothing behind that keeps its process alive once it is closed", async () => {
    await using t = await fixtureRouter();
    const argv = [...loader, "--input-type=module", "--eval", script, t.router.url];
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    const exit = once(child, "exit");
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    expect(await exit).toEqual([0, null]);
    expect(lines).toEqual(["event", "closed", "0 timers"]);
  });
});
