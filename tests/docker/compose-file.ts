/** Reads docker-compose.yml with an environment, as compose does. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

export interface Service {
  image: string;
  entrypoint?: string[];
  command: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { disable?: boolean };
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  profiles?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  extra_hosts?: string[];
  stop_grace_period?: string;
}

export interface ComposeFile {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean } | null>;
}

/** @throws Error where a value is demanded that the environment lacks, with the file's words. */
export function readCompose(path: string | URL, environment: Record<string, string>): ComposeFile {
  return interpolated(parse(readFileSync(path, "utf8"), { merge: true }), environment) as ComposeFile;
}

function interpolated(value: unknown, environment: Record<string, string>): unknown {
  if (typeof value === "string") return interpolate(value, environment);
  if (Array.isArray(value)) return value.map((item) => interpolated(item, environment));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, interpolated(item, environment)]));
}

function interpolate(text: string, environment: Record<string, string>): string {
  return text.replace(/\$\$|\$\{(\w+)(?:(:[-?])([^}]*))?\}/g, (_found, name?: string, operator?: string, words = "") => {
    if (name === undefined) return "$";
    const given = environment[name] ?? "";
    if (given !== "" || operator === undefined) return given;
    if (operator === ":?") throw new Error(`${name}: ${words}`);
    return String(words);
  });
}
