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
  POSTGRES_SOCKET_FOREIGN: {
    code: "FORBIDDEN",
    message: (f: { folder: string; uid: number; isFolder: boolean }) =>
      `PostgreSQL's socket was in ${f.folder}, which is ${f.isFolder ? "a folder" : "no folder but something else"} of the user with uid ${f.uid} now: somebody else may have made it. Remove it and start again. ${wayOut}`,
  },
  POSTGRES_FOLDER_FOREIGN: {
    code: "FORBIDDEN",
    message: (f: { folder: string; uid: number }) =>
      `${f.folder} belongs to the user with uid ${f.uid}, so PostgreSQL refuses to use it for you. Start as that user or as root, or give it to yourself (chown -R). ${wayOut}`,
  },
  BACKUP_FOLDER_TAKEN: {
    code: "CONFLICT",
    message: (f: { folder: string }) => `${f.folder} is there already; name a folder that is not, such as one with the time in its name.`,
  },
  BACKUP_FOLDER_INSIDE: {
    code: "BAD_USER_INPUT",
    message: (f: { folder: string; source: string }) =>
      `${f.folder} lies in the database's own folder ${f.source}: it would be lost with it, and be part of each later copy. Name a folder elsewhere, best on another disk.`,
  },
  BACKUP_NOT_WRITTEN: {
    code: "CONFLICT",
    message: (f: { folder: string; story: string }) =>
      `The copy could not be made in ${f.folder} (${f.story}), and nothing of it stays. Make room, or name a folder that can be written.`,
  },
  BACKUP_OF_DAMAGED: {
    code: "CONFLICT",
    message: (f: { folder: string; count: number; pages: string }) =>
      `The copy is in ${f.folder}, but the database itself is damaged: ${f.count} pages of tables or indexes are not what PostgreSQL wrote (${f.pages}; paths are in the cluster's folder), and it reads them no more. ` +
      `Keep the copies of before, look after the disk, and bring back the last one that was made without this.`,
  },
  BACKUP_DAMAGED: {
    code: "CONFLICT",
    message: (f: { folder: string; problem: string }) =>
      `The copy ${f.folder} is damaged, and was not brought back: ${f.problem}. Take another copy, with --archive up to the same time; ` +
      `or, where there is none, give --damaged: it brings back what there is, of which PostgreSQL cannot read all.`,
  },
  BACKUP_UNREADABLE: {
    code: "BAD_USER_INPUT",
    message: (f: { folder: string }) =>
      `${f.folder} has no backup.json that says what it is: it is no copy that backup made, or one that was not finished. Name the folder that was given to backup.`,
  },
  RESTORE_FOLDER_TAKEN: {
    code: "CONFLICT",
    message: (f: { folder: string }) => `${f.folder} has a database. Move it away first: mv '${f.folder}' '${f.folder}.before'`,
  },
  RESTORE_TIME_TOO_EARLY: {
    code: "BAD_USER_INPUT",
    message: (f: { until: string; endedAt: string }) =>
      `The copy is whole from ${f.endedAt} on, and ${f.until} is before that. Take an earlier copy, or give a later --time.`,
  },
  RESTORE_ARCHIVE_MISSING: {
    code: "BAD_USER_INPUT",
    message: (f: { until: string }) =>
      `The database as it was at ${f.until} takes the log that was archived since the copy. Give its folder: --archive (AGENT_PLATFORM_WAL_ARCHIVE_DIR of the platform).`,
  },
  RESTORE_ARCHIVE_UNREADABLE: {
    code: "BAD_USER_INPUT",
    message: (f: { archive: string; problem: string }) =>
      `The archive ${f.archive} is of no use: ${f.problem}. Name the folder that was AGENT_PLATFORM_WAL_ARCHIVE_DIR of the platform whose copy it is, or one that it was copied to whole, ` +
      `and let the user that PostgreSQL runs as read it (for root: postgres, else nobody; chown -R). Without --archive the copy is brought back as it is.`,
  },
  ARCHIVE_UNUSABLE: {
    code: "CONFLICT",
    message: (f: { archive: string; story: string }) =>
      `The archive's folder ${f.archive} cannot be made, or given to the user that PostgreSQL runs as (${f.story}). Give AGENT_PLATFORM_WAL_ARCHIVE_DIR another, or none.`,
  },
  ARCHIVE_TIMELINE_TAKEN: {
    code: "CONFLICT",
    message: (f: { archive: string; folder: string; timeline: number; name: string }) =>
      `The archive ${f.archive} has log of timeline ${f.timeline} that the database in ${f.folder} did not write (${f.name}): another one did, such as one that was brought back from the same copy, that this was copied from, or that was here before. ` +
      `Both cannot archive there. Where this is the one to go on with, give it another AGENT_PLATFORM_WAL_ARCHIVE_DIR, and make a backup at once; ` +
      `or bring it back anew by restore with AGENT_PLATFORM_WAL_ARCHIVE_DIR set, which begins a timeline that is not there yet.`,
  },
  RESTORE_FAILED: {
    code: "CONFLICT",
    message: (f: { story: string }) =>
      `The database was not brought back; what was there is as it was:\n${f.story}\nWhere it says that recovery ended before the target, the archive does not reach that time: give an earlier --time, or none. Where it says that a timeline is no child of this server's history, there were restores from other copies since: name the one to follow, --timeline.`,
  },
  RESTORE_NOT_WRITTEN: {
    code: "CONFLICT",
    message: (f: { folder: string; story: string }) =>
      `The database could not be brought back to ${f.folder} (${f.story}), and nothing of it stays there. Make room for all of the copy, or let the folder be written.`,
  },
  DATABASE_UNREACHABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { address: string; story: string; variable: string }) =>
      `The database at ${f.address} cannot be reached: ${f.story}. Check ${f.variable}.`,
  },
  DATABASE_FULL: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { address: string; story: string; variable: string }) =>
      `The database at ${f.address}, which ${f.variable} names, has no connection left: ${f.story}. Raise max_connections of the server (or the CONNECTION LIMIT of role or database), or end other programs' connections, and start again. npm start takes 15, and 6 for each worker.`,
  },
  DATABASE_POOLED: {
    code: "FORBIDDEN",
    message: (f: { address: string; problem: string }) =>
      `The database at ${f.address} is behind a pooler that the platform cannot work through: ${f.problem}. Tenants are kept apart, and runs owned, by sessions of its own: ` +
      `connect to PostgreSQL directly, or name the way past the pooler, too, in AGENT_PLATFORM_DATABASE_DIRECT_URL (docs/operations.md, "Behind a pooler").`,
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
    message: (f: { role: string; problem: string; variable: string }) =>
      `The database role ${f.role} of ${f.variable} cannot be used: ${f.problem}. Name a role that owns its database and has neither SUPERUSER nor BYPASSRLS, or a superuser, from which the platform makes one.`,
  },
});
