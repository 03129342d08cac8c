import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { partKeys, removeKey, startingKeys } from "../../../cli/database/internal-keys.ts";

const [first, second] = ["0a".repeat(32), "0b".repeat(32)];

function setup() {
  const dataDir = mkdtempSync(join(tmpdir(), "agent-platform-internal-"));
  return {
    dataDir,
    path: join(dataDir, "internal.key"),
    env: { dataDir, internalKeys: [] as string[], databaseUrl: undefined },
    [Symbol.dispose]: () => rmSync(dataDir, { recursive: true }),
  };
}

describe("the internal key of a platform that starts", () => {
  it("is another at each start, and its owner's only", () => {
    using t = setup();
    const [before] = startingKeys(t.env);
    const [now] = startingKeys(t.env);
    expect(now).toMatch(/^[0-9a-f]{64}$/);
    expect(now).not.toBe(before);
    expect(readFileSync(t.path, "utf8")).toBe(now);
    expect(statSync(t.path).mode & 0o777).toBe(0o600);
    removeKey(t.dataDir);
    expect(() => statSync(t.path)).toThrow("ENOENT");
  });

  it("is that of the environment, which is not written down; one that lay there is gone", () => {
    using t = setup();
    startingKeys(t.env);
    expect(startingKeys({ ...t.env, internalKeys: [second, first] })).toEqual([second, first]);
    expect(() => statSync(t.path)).toThrow("ENOENT");
  });
});

describe("the internal key of a part beside it", () => {
  it("is the platform's, and the next one's after it has started anew", () => {
    using t = setup();
    const [before] = startingKeys(t.env);
    const keys = partKeys(t.env);
    expect(keys.texts).toEqual([before]);
    const [now] = startingKeys(t.env);
    expect(keys.renew()).toBe(true);
    expect(keys.texts).toEqual([now]);
  });

  it("is one for all parts where none starts the others", () => {
    using t = setup();
    const { texts } = partKeys(t.env);
    expect(partKeys(t.env).texts).toEqual(texts);
    expect(statSync(t.path).mode & 0o777).toBe(0o600);
  });

  it("is that of the environment before that of the folder", () => {
    using t = setup();
    startingKeys(t.env);
    const env = { ...t.env, internalKeys: [first] };
    expect(partKeys(env).texts).toEqual([first]);
    expect(partKeys({ ...env, databaseUrl: "postgres://db/all" }).texts).toEqual([first]);
  });

  it("is demanded where the database is no data folder's, though something lies there", () => {
    using t = setup();
    writeFileSync(t.path, first);
    expect(() => partKeys({ ...t.env, databaseUrl: "postgres://db/all" })).toThrow("AGENT_PLATFORM_INTERNAL_KEY is not set");
  });
});
