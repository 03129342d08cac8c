/** Teams of every other mode whose worker is killed; of one with a supervisor `tests/e2e/agents-kill.test.ts` tells. */
import type { JsonObject } from "#shared/json.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { calls } from "../testkit/agents.ts";
import { eventually } from "../testkit/eventually.ts";
import { readRun } from "../testkit/graph.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { startScriptedProvider, type ScriptedCompletion, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { askTeam, makeTeam, memberAsking } from "../testkit/teams.ts";

let platform: PlatformProcesses;
let model: ScriptedProvider;
beforeAll(async () => {
  model = await startScriptedProvider();
  platform = await startPlatformProcesses({ PROVIDER_BASE_URL: model.baseUrl, DEFAULT_MODEL: "scripted-model" });
}, 600_000);
afterAll(async () => {
  await platform.stop();
  await model.close();
});

const finished = (id: string) =>
  eventually(
    () => readRun(platform, id),
    ({ status }) => status === "COMPLETED" || status === "FAILED",
  );
const kill = () => void signalProcess(platform.part("worker"), "SIGKILL");

describe("a team whose worker is killed", () => {
  it("one after the other, side by side, in turns or while it is judged, goes on at that", async () => {
    const lost: ScriptedCompletion = { text: "lost", before: new Promise<void>(() => {}) };
    const scripts: Record<string, ScriptedCompletion[]> = {
      ...{ s1: [{ text: "draft" }], s2: [lost, { text: "final" }] },
      ...{ p1: [{ text: "one" }, { text: "merged" }], p2: [lost, { text: "two" }] },
      ...{ r1: [{ text: "Hm." }], r2: [lost, calls(["conclude", { answer: "agreed" }])] },
      ...{ d1: [{ text: "Yes." }], d2: [{ text: "No." }], judge: [lost, { text: "decided" }] },
    };
    model.chat((request) => scripts[memberAsking(request)]?.shift() ?? { text: "asked too often" });
    const started = async (mode: string, keys: string[], config: JsonObject = {}): Promise<string> => {
      const members = keys.map((memberKey) => ({ memberKey }));
      return askTeam(platform, (await makeTeam(platform, mode, members, { config })).teamId, "Work.");
    };
    const sideBySide = await started("PARALLEL", ["p1", "p2"]);
    const others = [
      await started("SEQUENTIAL", ["s1", "s2"]),
      await started("ROUND_ROBIN", ["r1", "r2"]),
      await started("ROUND_ROBIN", ["d1", "d2", "judge"], { judge: "judge", max_rounds: 1 }),
    ];
    await model.seen(9);
    await eventually(
      () => readRun(platform, sideBySide),
      ({ nodeRuns }) => nodeRuns.edges.some(({ node }) => node.id.endsWith("team/member#1.0") && node.status === "COMPLETED"),
    );
    kill();
    const runs = await Promise.all([sideBySide, ...others].map(finished));
    expect(runs.map(({ outputText }) => outputText)).toEqual(["merged", "final", "agreed", "decided"]);
    const who = model.requests.map(({ json }) => memberAsking(json));
    expect(who.toSorted()).toEqual("d1 d2 judge judge p1 p1 p2 p2 r1 r2 r2 s1 s2 s2".split(" "));
    for (const member of ["judge", "p2", "r2", "s2"]) {
      const [first, second] = model.requests.filter(({ json }) => memberAsking(json) === member);
      expect(second!.json).toEqual(first!.json);
    }
  });
});
