/** What a tenant asks, in the numbers that it takes to be seen in the bytes that are kept of it. */
import { bystander, type Bystander } from "../testkit/bystander.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { shareOf, tell } from "./settings.ts";

let platform: PlatformProcesses;
let other: Bystander;

beforeAll(async () => {
  platform = await startPlatformProcesses();
  other = await bystander(platform);
}, 600_000);

afterAll(() => platform.stop());

const times = (count: number, write: (index: number) => string) => Array.from({ length: count }, (_, index) => write(index)).join(" ");

describe("many different documents", () => {
  it("are planned, and what is kept of them is bounded in bytes", async () => {
    const fields = "id code name description status createdAt updatedAt deletedAt ".repeat(4);
    // 35 kB each, of which 3.5 MB would be kept: 1.3 GB of all.
    const query = (name: number) => `{ ${times(120, (index) => `f${name}x${index}: app(id: "1") @skip(if: true) { ${fields} }`)} }`;
    const before = await platform.keeps("API");
    const { outcome, beside } = await other.beside(async () => {
      const refused: unknown[] = [];
      for (let name = 0; name < shareOf(380); name++) refused.push(...((await platform.post(query(name))).errors ?? []));
      return refused;
    });
    const keptBytes = (await platform.keeps("API")) - before;
    tell("380 documents of 35 kB", { ...beside, keptBytes });
    expect(outcome).toEqual([]);
    expect({ refused: beside.refused, failed: beside.failed }).toEqual({ refused: [], failed: [] });
    // What the process has beside that is room for garbage, and depends on when it was collected.
    expect(keptBytes >> 20).toBeLessThan(100);
  });
});
