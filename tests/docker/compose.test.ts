/** docker/ without an engine: what its files say, and the processes that they describe, on loopback. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv, unknownVariables } from "#shared/config.ts";
import { startLocalServer } from "../../cli/smoke/local-server.ts";
import { createTestDatabase } from "../testkit/database.ts";
import { freePorts } from "../testkit/free-ports.ts";
import { readCompose, type Service } from "./compose-file.ts";
import { environmentOf, run, start, stop, waves, type Container, type Host } from "./containers.ts";
import { copied, said } from "./dockerfile.ts";
import { hostPath, makeImage, snapshot, source, stage, stages, words } from "./image.ts";

const composePath = join(source, "docker/docker-compose.yml");
const exampleText = readFileSync(join(source, "docker/.env.example"), "utf8");
const example = Object.fromEntries([...exampleText.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
const secrets = Object.keys(example).filter((name) => example[name] === "change-me");
const ownSecrets = Object.fromEntries(secrets.map((name, index) => [name, String(index).repeat(64)]));
const compose = readCompose(composePath, ownSecrets);
const { postgres, lite, ...distributed } = compose.services as Record<string, Service> & { postgres: Service; lite: Service };
const parts = { ...distributed, lite };
const subgraphs = ["workflow", "session", "runtime", "agent", "memory", "team", "skill", "tool", "model"];
const served = ["router", ...subgraphs];

/** The subgraphs that the code of one calls. */
function calledBy(name: string): string[] {
  const files = globSync(join(source, "subgraphs", name, "**/*.ts"));
  const calls = files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\bsubgraph: "(\w+)"/g)].map(([, called]) => called!));
  return [...new Set(calls)].sort();
}

describe("the image", () => {
  it("runs as no root, with production packages, without a compiler", () => {
    const last = stage();
    expect(said(last, "USER")).toEqual(["node"]);
    expect(said(stage("packages"), "RUN").join()).toContain("npm ci --omit=dev");
    const installed = stages.flatMap((each) => said(each, "RUN")).join("\n");
    expect(installed).not.toMatch(/gcc|g\+\+|\bmake\b|build-essential/);
    expect(said(last, "HEALTHCHECK")).toHaveLength(1);
  });

  it("has a health check that says by hand what is wrong, and ends with 1", () => {
    const [program = "", ...argv] = words("HEALTHCHECK");
    const { status, stderr } = spawnSync(program, argv, {
      cwd: source,
      env: { PATH: hostPath, AGENT_PLATFORM_PORT: "1" },
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/bad port|ECONNREFUSED|fetch failed/)]);
  });

  it("is made from what is there, and nothing else is sent to its builder", () => {
    const sent = readFileSync(join(source, "docker/Dockerfile.dockerignore"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const paths = stages.flatMap(copied);
    expect(paths.filter((path) => !existsSync(join(source, path)))).toEqual([]);
    expect(sent).toEqual(["*", ...sent.slice(1)]);
    expect(sent.slice(1).sort()).toEqual([...new Set(paths)].map((path) => `!${path}`).sort());
  });

  it("finds the packages that it is made with where the base image of all stages has them", () => {
    expect(new Set(stages.map(({ from }) => from))).toEqual(new Set(["${NODE_IMAGE}", "packages", "program"]));
  });
});

describe("docker-compose.yml", () => {
  it("S-111 has PostgreSQL, the router, nine subgraphs and workers of both kinds; the profile lite has one container for all", () => {
    expect(Object.keys(distributed).sort()).toEqual([...served, "worker", "agent-worker"].sort());
    for (const name of subgraphs) expect(distributed[name]!.command).toEqual(["subgraph", name]);
    expect(lite).toMatchObject({ profiles: ["lite"], command: ["start"] });
    expect(distributed["agent-worker"]!.command).toEqual(["worker", "--only", "agent,team"]);
  });

  it("publishes the router's port alone, to this machine; workers have none and are scaled", () => {
    const published = Object.entries(parts).flatMap(([name, { ports }]) => (ports === undefined ? [] : [[name, ...ports]]));
    expect(published).toEqual([
      ["router", "127.0.0.1:4000:4000"],
      ["lite", "127.0.0.1:4000:4000"],
    ]);
    expect(postgres.ports).toBeUndefined();
    expect(compose.networks["inside"]).toEqual({ internal: true });
    expect(postgres.networks).toEqual(["inside"]);
  });

  it("S-112 keeps data in named volumes, of the platform under /data", () => {
    const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes.filter((volume) => !volume.startsWith(".")));
    expect(mounted.map((volume) => volume.split(":")[0]).sort()).toEqual(Object.keys(compose.volumes).sort());
    expect(mounted).toEqual(expect.arrayContaining(["router:/data", "lite:/data"]));
  });

  it("starts in the order of health: PostgreSQL, subgraphs, then who calls them", () => {
    expect(waves(distributed)).toEqual([subgraphs, ["router", "worker", "agent-worker"]].map((wave) => expect.arrayContaining(wave)));
    const conditions = Object.values(parts).flatMap(({ depends_on = {} }) => Object.values(depends_on).map(({ condition }) => condition));
    expect(new Set(conditions)).toEqual(new Set(["service_healthy"]));
  });

  it.each(Object.entries(parts))(
    "gives %s a root file system that cannot be written, no capability, and time to stop",
    (_name, service) => {
      expect(service).toMatchObject({ image: "agent-platform", read_only: true, cap_drop: ["ALL"], stop_grace_period: "45s" });
    },
  );

  it("S-98 asks a model that runs on this machine, unless another is named", () => {
    expect(distributed["model"]!.environment).toMatchObject({ AGENT_PLATFORM_PROVIDER_BASE_URL: "http://host.docker.internal:11434/v1" });
    expect(distributed["model"]!.extra_hosts).toEqual(["host.docker.internal:host-gateway"]);
  });

  it("S-113 hands workers neither the key of secrets nor the provider's, and the tools nothing of the provider", () => {
    const has = (name: string) => Object.entries(parts).flatMap(([part, { environment = {} }]) => (name in environment ? [part] : []));
    expect(has("AGENT_PLATFORM_ENCRYPTION_KEY").sort()).toEqual([...served, "lite"].sort());
    expect(has("AGENT_PLATFORM_PROVIDER_API_KEY").sort()).toEqual(["lite", "model"]);
    expect(has("AGENT_PLATFORM_BOOTSTRAP_TOKEN").sort()).toEqual(["lite", "router"]);
  });

  it("names no variable that nothing reads", () => {
    for (const { environment = {} } of Object.values(parts)) {
      const unread = unknownVariables(environment, [...subgraphs, "access"]).map(({ name }) => name);
      expect(unread).toEqual([]);
    }
  });

  it("gives each process the addresses that docs/operations.md says it needs, which are those of the subgraphs that its code calls", () => {
    const table = readFileSync(join(source, "docs/operations.md"), "utf8");
    for (const name of subgraphs) {
      const [, needs = ""] = new RegExp(`^\\| .subgraph ${name}.[^|]*\\|[^|]*\\| (.*)\\|$`, "m").exec(table) ?? [];
      const words = /((?:[A-Z]+_, )*[A-Z]+)_SUBGRAPH_URL/.exec(needs)?.[1]?.split(", ") ?? [];
      const needed = words.map((word) => `AGENT_PLATFORM_${word.replace(/_$/, "")}_SUBGRAPH_URL`).sort();
      const given = Object.keys(distributed[name]!.environment!).filter((variable) => variable.endsWith("_SUBGRAPH_URL"));
      expect([name, ...given.sort()]).toEqual([name, ...needed]);
      const called = calledBy(name).map((other) => `AGENT_PLATFORM_${other.toUpperCase()}_SUBGRAPH_URL`);
      expect([name, ...called]).toEqual([name, ...needed]);
    }
  });

  it(".env.example names all that it takes, says what holds without it, and has no secret", () => {
    const taken = new Set([...readFileSync(composePath, "utf8").matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    expect(Object.keys(example).sort()).toEqual([...taken].sort());
    expect(readCompose(composePath, { ...example, ...ownSecrets })).toEqual(compose);
  });

  it.each(secrets)("does not start without %s", (name) => {
    const { [name]: _left, ...others } = ownSecrets;
    expect(() => readCompose(composePath, others)).toThrow(`${name}: Put secrets into docker/.env`);
  });

  it("does not start with the example's secrets: no part, and not PostgreSQL", () => {
    const asExample = readCompose(composePath, example);
    const host: Host = { image: source, dataDir: "/nowhere", databaseUrl: "postgres://platform:change-me@127.0.0.1:1/platform", ports: {} };
    for (const [name, service] of Object.entries(asExample.services).filter(([name]) => name !== "postgres"))
      expect(() => parseEnv(environmentOf(name, service, host))).toThrow(
        /has a secret of the example, change-me. Make one of your own: openssl/,
      );
    expect(exampleStart(example)).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("openssl rand -hex 32") });
    expect(exampleStart(ownSecrets)).toMatchObject({ status: 0, stdout: "postgres\n" });
  });

  it("a process with the example's secrets says which they are, and ends with 2", async () => {
    const asExample = readCompose(composePath, example);
    const host: Host = { image: source, dataDir: "/nowhere", databaseUrl: "postgres://platform:change-me@127.0.0.1:1/platform", ports: {} };
    const router = run("router", asExample.services["router"]!, host);
    expect(await stop({ ...router, child: await ended(router) })).toBe(2);
    expect(router.said()).toMatch(
      /AGENT_PLATFORM_DATABASE_URL=\(hidden\): has a secret of the example[^]*AGENT_PLATFORM_ENCRYPTION_KEY=\(hidden\)/,
    );
  });
});

/** PostgreSQL's entry point in front of an image's of ours, which says what it was called with. */
function exampleStart(environment: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "agent-platform-entrypoint-"));
  writeFileSync(join(folder, "docker-entrypoint.sh"), '#!/bin/sh\necho "$@"\n');
  chmodSync(join(folder, "docker-entrypoint.sh"), 0o755);
  const [program = "", ...argv] = [...postgres.entrypoint!, ...postgres.command];
  const { status, stdout, stderr } = spawnSync(program, argv, { env: { ...environment, PATH: `${folder}:${hostPath}` }, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return { status, stdout, stderr };
}

async function ended({ child }: Container): Promise<Container["child"]> {
  if (child.exitCode === null) await new Promise((resolve) => child.once("close", resolve));
  return child;
}

/** The first key, made as the operator does, of the tenant that the smoke test asks for. */
async function firstKey(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-tenant-id": "smoke",
      "x-bootstrap-token": ownSecrets["AGENT_PLATFORM_BOOTSTRAP_TOKEN"]!,
    },
    body: JSON.stringify({ query: 'mutation { createApiKey(input: { name: "smoke" }) { secret } }' }),
  });
  const { data } = (await response.json()) as { data: { createApiKey: { secret: string } } };
  return data.createApiKey.secret;
}

describe("the processes of docker-compose.yml", () => {
  let folder: string;
  let image: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "agent-platform-compose-"));
    image = join(folder, "image");
    mkdirSync(image);
    makeImage(image);
  }, 600_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function setup() {
    const database = await createTestDatabase();
    const local = await startLocalServer(0);
    const ports = await freePorts(served.length + 2);
    local.stop();
    const dataDir = mkdtempSync(join(folder, "data-"));
    const host: Host = {
      image,
      dataDir,
      databaseUrl: database.url,
      ports: Object.fromEntries([...served, "lite", "access"].map((name, index) => [name, ports[index]!])),
    };
    const { services } = readCompose(composePath, { ...example, ...ownSecrets, AGENT_PLATFORM_EGRESS_ALLOW: local.host });
    const containers: Container[] = [];
    let key: string | undefined;
    return {
      host,
      up: async (name: string) => {
        const container = await start(name, services[name]!, host);
        containers.push(container);
        return container;
      },
      /** The smoke test, as a user runs it, with the image's own program. */
      async smoke(port: number) {
        key ??= await firstKey(port);
        const command = ["smoke", "--url", `http://127.0.0.1:${port}/graphql`, "--http-port", local.host.split(":")[1]!, "--api-key", key];
        const smoke = run("smoke", { image: "", command }, host);
        return ended(smoke).then((child) => ({ code: child.exitCode, said: smoke.said() }));
      },
      containers,
      async [Symbol.asyncDispose]() {
        for (const container of containers) if (container.child.exitCode === null) container.child.kill("SIGKILL");
        await Promise.all(containers.map(ended));
        await database.drop();
      },
    };
  }

  it("S-111 S-113 serve the graph in the order of their health, are scaled, and stop when compose tells them to; nothing is written to the image", async () => {
    await using t = await setup();
    const before = snapshot(image);
    for (const wave of waves(distributed)) await Promise.all(wave.map(t.up));
    const port = t.host.ports["router"]!;
    expect(await t.smoke(port)).toMatchObject({ code: 0, said: expect.stringContaining("0 failed") });
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("/page.js")]);

    // --scale worker=3, and each of them does the work alone.
    const first = t.containers.find(({ service }) => service === "worker")!;
    const [second] = await Promise.all([t.up("worker"), t.up("worker")]);
    expect(await stop(first)).toBe(0);
    expect(await stop(second)).toBe(0);
    expect(await t.smoke(port)).toMatchObject({ code: 0, said: expect.stringContaining("0 failed") });

    const stopped = await Promise.all(t.containers.map(stop));
    expect(stopped).toEqual(t.containers.map(() => 0));
    expect(snapshot(image).filter((file) => !before.includes(file))).toEqual([]);
  }, 600_000);

  it("lite: one container is everything else", async () => {
    await using t = await setup();
    const before = snapshot(image);
    const container = await t.up("lite");
    expect(await t.smoke(t.host.ports["lite"]!)).toMatchObject({ code: 0, said: expect.stringContaining("0 failed") });
    expect(await stop(container)).toBe(0);
    expect(snapshot(image).filter((file) => !before.includes(file))).toEqual([]);
  }, 600_000);
});
