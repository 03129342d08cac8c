import { defineErrors } from "../errors.ts";

const wayOut = "Or use a PostgreSQL of your own: AGENT_PLATFORM_DATABASE_URL=postgres://user:password@host:5432/database";

/** Why the platform has no database. Each says what to do next. */
export const postgresErrors = defineErrors({
  POSTGRES_NOT_SHIPPED: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { platform: string }) =>
      `No embedded PostgreSQL for ${f.platform} (Linux and macOS, x64 and arm64, have one; npm installs it as an optional package, so --omit=optional leaves it out). ${wayOut}`,
  },
  POSTGRES_INITDB_FAILED: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { folder: string; story: string }) => `PostgreSQL could not make its data folder ${f.folder}:\n${f.story}\n${wayOut}`,
  },
  POSTGRES_NOT_STARTED: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { folder: string; logFile: string; story: string }) =>
      `The embedded PostgreSQL did not start on ${f.folder}:\n${f.story}\nIts log: ${f.logFile}\n${wayOut}`,
  },
  POSTGRES_NOT_ANSWERING: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { folder: string; pid: number; seconds: number }) =>
      `PostgreSQL (pid ${f.pid}) holds ${f.folder} but did not answer for ${f.seconds} s. End it (kill -INT ${f.pid}) and start again. ${wayOut}`,
  },
  POSTGRES_NOT_STOPPED: {
    code: "TIMEOUT",
    message: (f: { folder: string; pid: number; seconds: number }) =>
      `PostgreSQL (pid ${f.pid}, ${f.folder}) did not stop within ${f.seconds} s. The next start finds it again; nothing is lost.`,
  },
  POSTGRES_VERSION_DIFFERS: {
    code: "CONFLICT",
    message: (f: { folder: string; found: string; ours: string }) =>
      `${f.folder} was made by PostgreSQL ${f.found}; this version of the platform brings PostgreSQL ${f.ours}, which cannot read it. ` +
      `Keep the data: start the version of the platform that made it and carry the data over with pg_dump and pg_restore. ` +
      `Start anew: move the folder away. ${wayOut}`,
  },
  POSTGRES_FOLDER_FOREIGN: {
    code: "FORBIDDEN",
    message: (f: { folder: string; uid: number }) =>
      `${f.folder} belongs to the user with uid ${f.uid}, so PostgreSQL refuses to use it for you. Start as that user or as root, or give it to yourself (chown -R). ${wayOut}`,
  },
  DATABASE_UNREACHABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { address: string; story: string }) =>
      `The database at ${f.address} cannot be reached: ${f.story}. Check AGENT_PLATFORM_DATABASE_URL.`,
  },
  DATABASE_POOLED: {
    code: "FORBIDDEN",
    message: (f: { address: string; problem: string }) =>
      `The database at ${f.address} is behind a pooler that the platform cannot work through: ${f.problem}. Tenants are kept apart, and runs owned, by sessions of its own: ` +
      `connect to PostgreSQL directly, or through a pooler in session mode that passes startup options on.`,
  },
  ENGINE_ROLE_MISSING: {
    code: "FORBIDDEN",
    message: (f: { role: string; statements: string }) =>
      `The engine works for all tenants and so logs in as a role of its own. There is no role ${f.role}, and the platform's role may not make it. Run this as an administrator of the database, ` +
      `with a password, and name the role in AGENT_PLATFORM_ENGINE_DATABASE_URL (the platform's URL with that user and that password):\n${f.statements}`,
  },
  ENGINE_ROLE_UNFIT: {
    code: "FORBIDDEN",
    message: (f: { role: string; problem: string; isGiven: boolean }) =>
      `The engine's role ${f.role} cannot be used: ${f.problem}. ` +
      (f.isGiven
        ? "Correct AGENT_PLATFORM_ENGINE_DATABASE_URL."
        : "Make one by hand (docs/operations.md), and name it in AGENT_PLATFORM_ENGINE_DATABASE_URL=postgres://user:password@host:5432/database"),
  },
  DATABASE_ROLE_UNFIT: {
    code: "FORBIDDEN",
    message: (f: { role: string; problem: string }) =>
      `The database role ${f.role} cannot be used: ${f.problem}. Name a role that owns its database and has neither SUPERUSER nor BYPASSRLS, or a superuser, from which the platform makes one.`,
  },
});
