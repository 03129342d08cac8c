/**
 * The engine's login. It works for all tenants, so it is a role of its own: a setting of the session would be everybody's behind a pooler, which lends
 * sessions by role. Unless one is named, its name and its password follow from the platform's, so that each process finds it by the URL that it has.
 */
import { createHmac } from "node:crypto";
import pg from "pg";

/** Says of a URL that its role is the engine's; no driver reads it. */
const mark = "login=engine";

/** A URL that names the engine's role. */
export function asEngineLogin(url: string): string {
  if (isEngineLogin(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${mark}`;
}

/** The engine's URL beside that of the platform; one that {@link asEngineLogin} has made stays as it is. */
export function engineUrlOf(url: string): string {
  if (isEngineLogin(url)) return url;
  const { user, password } = new pg.Client({ connectionString: url });
  const name = engineRoleOf(roleOption(url) ?? user ?? "");
  const [, scheme = "", rest = ""] = /^(postgres(?:ql)?:\/\/)(?:[^/?]*@)?(.*)$/s.exec(url) ?? [];
  const login = [name, ...(password ? [enginePassword(password)] : [])].map(encodeURIComponent).join(":");
  return asEngineLogin(withoutRole(`${scheme}${login}@${rest}`));
}

/** The engine's role beside the platform's. */
export function engineRoleOf(platformRole: string): string {
  // PostgreSQL cuts a name at 63 bytes; both must not be cut to the same.
  return `${platformRole.slice(0, 56)}_engine`;
}

const enginePassword = (password: string): string =>
  createHmac("sha256", password).update("agent-platform/engine-role").digest("base64url");

function isEngineLogin(url: string): boolean {
  return url.split("?", 2)[1]?.split("&").includes(mark) ?? false;
}

/** The role that a superuser's sessions take on at once. */
function roleOption(url: string): string | undefined {
  return /(?:^| )-c role=(\S+)/.exec(optionsOf(url).get("options") ?? "")?.[1];
}

/** What the engine logs in as it is from the beginning, and a user or a password beside the authority would win over it. */
function withoutRole(url: string): string {
  const [base = "", query] = url.split("?", 2);
  if (query === undefined) return base;
  const options = optionsOf(url);
  const others = (options.get("options") ?? "").replace(/(^| )-c role=\S+/, "").trim();
  for (const name of ["user", "password", "options"]) options.delete(name);
  const rest = [...options.entries(), ...(others === "" ? [] : [["options", others] as const])];
  // pg-connection-string reads %20, not +.
  return rest.length === 0 ? base : `${base}?${rest.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}`;
}

const optionsOf = (url: string): URLSearchParams => new URLSearchParams(url.split("?", 2)[1] ?? "");
