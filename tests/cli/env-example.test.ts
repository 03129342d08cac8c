import { readFileSync } from "node:fs";
import { parseEnv } from "#shared/config.ts";

const text = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
const assignments = Object.fromEntries([...text.matchAll(/^(AGENT_PLATFORM_[A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

describe(".env.example", () => {
  it("names every variable that is read", () => {
    const read = new Set<string>();
    const spy = new Proxy<Record<string, string | undefined>>({}, { get: (_target, name) => void read.add(String(name)) });
    parseEnv(spy);
    expect([...read].filter((name) => !(name in assignments))).toEqual([]);
    expect(text).toContain("AGENT_PLATFORM_<SUBGRAPH>_DATABASE_URL");
    expect(text).toContain("AGENT_PLATFORM_<SUBGRAPH>_SUBGRAPH_URL");
  });

  it("is a valid environment, and says what holds without it", () => {
    expect(parseEnv(assignments)).toEqual(parseEnv({}));
  });
});
