/**
 * Runs what docker-compose.yml describes as processes: the image's entry point with a service's command, in its environment. Names of services become
 * 127.0.0.1 with a port each, and the database and the data folder are the test's; nothing else differs.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { eventually } from "../testkit/eventually.ts";
import type { Service } from "./compose-file.ts";
import { variables } from "./dockerfile.ts";
import { hostPath, stage, words } from "./image.ts";

/** Where the processes run. */
export interface Host {
  /** The image's folder. */
  image: string;
  dataDir: string;
  databaseUrl: string;
  /** A port for each service that has one. */
  ports: Record<string, number>;
}

export interface Container {
  service: string;
  child: ChildProcess;
  /** All that it said. */
  said: () => string;
}

/** The environment of a service's process. */
export function environmentOf(name: string, service: Service, host: Host): Record<string, string> {
  const given = { ...variables(stage()), ...service.environment };
  const moved = Object.fromEntries(Object.entries(given).map(([variable, value]) => [variable, onLoopback(value, host)]));
  return {
    PATH: hostPath,
    ...moved,
    ...(host.ports[name] !== undefined && { AGENT_PLATFORM_PORT: String(host.ports[name]) }),
    ...(given["AGENT_PLATFORM_ACCESS_PORT"] !== undefined && { AGENT_PLATFORM_ACCESS_PORT: String(host.ports["access"] ?? 0) }),
  };
}

function onLoopback(value: string, { databaseUrl, dataDir, ports }: Host): string {
  if (value.startsWith("postgres://platform:") && value.endsWith("@postgres:5432/platform")) return databaseUrl;
  if (value === "/data") return dataDir;
  if (value === "0.0.0.0") return "127.0.0.1";
  const served = value.replace("http://router:4010/", "http://access:4000/");
  return served.replace(/^http:\/\/(\w+):4000\//, (whole, name: string) => (name in ports ? `http://127.0.0.1:${ports[name]}/` : whole));
}

/** Starts a service's process; resolves when it says that it serves. */
export async function start(name: string, service: Service, host: Host): Promise<Container> {
  const container = run(name, service, host);
  const { child } = container;
  const served = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (/^(subgraph |graph |worker ready)|^\s+graph /.test(line)) resolve();
    });
    child.once("close", (code) => reject(new Error(`${name} ended with ${code}: ${container.said()}`)));
  });
  await served;
  if (service.healthcheck?.disable !== true)
    await eventually(
      () => health(name, service, host),
      (code) => code === 0,
    );
  return container;
}

/** Starts it and waits for nothing. */
export function run(name: string, service: Service, host: Host): Container {
  const [program = "", ...argv] = [...words("ENTRYPOINT"), ...service.command];
  const child = spawn(program, argv, { cwd: host.image, env: environmentOf(name, service, host), stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return { service: name, child, said: () => text };
}

/** The image's health check, in the service's environment. @returns its exit code. */
async function health(name: string, service: Service, host: Host): Promise<number | null> {
  const [program = "", ...argv] = words("HEALTHCHECK");
  const child = spawn(program, argv, { cwd: host.image, env: environmentOf(name, service, host), stdio: "ignore" });
  await once(child, "close");
  return child.exitCode;
}

/** As `docker compose stop` does it. @returns the exit code; of who did not end by itself null. */
export async function stop({ child }: Container): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  child.kill("SIGTERM");
  await once(child, "close");
  return child.exitCode;
}

/** Services in waves: each has in earlier ones what it depends on. */
export function waves(services: Record<string, Service>): string[][] {
  const done = new Set(["postgres"]);
  const waiting = new Set(Object.keys(services).filter((name) => name !== "postgres"));
  const found: string[][] = [];
  while (waiting.size > 0) {
    const wave = [...waiting].filter((name) => Object.keys(services[name]?.depends_on ?? {}).every((other) => done.has(other)));
    if (wave.length === 0) throw new Error(`these wait for each other: ${[...waiting].join(", ")}`);
    for (const name of wave) {
      waiting.delete(name);
      done.add(name);
    }
    found.push(wave);
  }
  return found;
}
