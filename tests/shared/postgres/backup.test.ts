/** The embedded cluster copied under load, and brought back to a time between two runs. The rest is in tests/long/backup.long.ts. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { prepareArchive } from "#shared/postgres/archive.ts";
import { backupCluster, restoreCluster } from "#shared/postgres/backup.ts";
import { startPostgres } from "#shared/postgres/server.ts";
import { backedUp, runsOf } from "../../testkit/backed-up.ts";

describe("a copy of the embedded database", () => {
  it("that is taken under load is brought back to a time between two runs, with nothing after it", async () => {
    const { folder, archive, copy, note, before, between, after } = await backedUp();
    const back = join(folder, "back", "postgres");
    expect((await restoreCluster({ from: copy, folder: back, archive, until: between })).damage).toEqual([]);
    const ids = (await runsOf(back)).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(before));
    expect(ids).not.toContain(after);

    await expect(restoreCluster({ from: copy, folder: back })).rejects.toMatchObject({ reason: "RESTORE_FOLDER_TAKEN" });
    const next = join(folder, "back", "next");
    const early = new Date(new Date(note.startedAt).getTime() - 1_000);
    await expect(restoreCluster({ from: copy, folder: next, archive, until: early })).rejects.toMatchObject({
      reason: "RESTORE_TIME_TOO_EARLY",
    });
    await expect(restoreCluster({ from: copy, folder: next, until: between })).rejects.toMatchObject({ reason: "RESTORE_ARCHIVE_MISSING" });
    await expect(restoreCluster({ from: folder, folder: next })).rejects.toMatchObject({ reason: "BACKUP_UNREADABLE" });
    await expect(backupCluster({ url: "postgres://nobody@127.0.0.1:1/none", folder: back }, copy)).rejects.toMatchObject({
      reason: "BACKUP_FOLDER_TAKEN",
    });
    // Beneath a file nothing can be made.
    const nowhere = join(folder, "file", "beneath");
    await writeFile(join(folder, "file"), "");
    const refusal = (reason: string) => ({ reason, message: expect.stringMatching(/ENOTDIR/) });
    await expect(backupCluster({ url: "postgres://nobody@127.0.0.1:1/none", folder: back }, nowhere)).rejects.toMatchObject(
      refusal("BACKUP_NOT_WRITTEN"),
    );
    await expect(restoreCluster({ from: copy, folder: nowhere })).rejects.toMatchObject(refusal("RESTORE_NOT_WRITTEN"));
    await expect(backupCluster({ url: "postgres://nobody@127.0.0.1:1/none", folder: back }, join(back, "in"))).rejects.toMatchObject({
      reason: "BACKUP_FOLDER_INSIDE",
    });
    for (const [wrong, problem] of await wrongArchives(folder, archive))
      await expect(restoreCluster({ from: copy, folder: next, archive: wrong })).rejects.toMatchObject({
        reason: "RESTORE_ARCHIVE_UNREADABLE",
        message: expect.stringContaining(problem),
      });
    expect(existsSync(next)).toBe(false);
    expect(existsSync(`${next}.restoring`)).toBe(false);
  });
});

describe("a copy that is damaged, or of a database that is", () => {
  it("is told, with what is damaged, and brought back only on request", async () => {
    const around = await mkdtemp("/tmp/agent-platform-backup-");
    await chmod(around, 0o755);
    const folder = join(around, "postgres");
    const back = (name: string) => join(around, "back", name);
    const copied = async (to: string) => {
      const server = await startPostgres({ folder, settings: { shared_buffers: "32MB" } });
      try {
        return await backupCluster({ url: server.url("postgres", "postgres"), folder }, join(around, to));
      } finally {
        await server.stop();
      }
    };
    try {
      await copied("sound");
      const path = await flipped(join(around, "sound", "postgres"));
      const damaged = { from: join(around, "sound"), folder: back("copy") };
      const refusal = { code: "CONFLICT", reason: "BACKUP_DAMAGED", message: expect.stringContaining(path) };
      await expect(restoreCluster(damaged)).rejects.toMatchObject(refusal);
      expect(existsSync(damaged.folder)).toBe(false);
      const { damage } = await restoreCluster({ ...damaged, isDamageTaken: true });
      expect(damage).toEqual([
        `1 of its files are gone, or are not what backup wrote: ${path}`,
        `1 pages of its tables or indexes have another checksum than their content: page 0 of ${path}`,
      ]);
      await rm(join(around, "sound", "SHA256SUMS"));
      await expect(restoreCluster({ ...damaged, folder: back("none") })).rejects.toThrow("SHA256SUMS");

      const own = await flipped(folder);
      for (const [k, garbage] of [Buffer.alloc(0), Buffer.alloc(8_192, 0xa7), Buffer.alloc(512)].entries()) {
        // Overwritten whole, and its beginning with zeroes.
        const content = await readFile(join(folder, own));
        await writeFile(join(folder, own), Buffer.concat([garbage, content.subarray(garbage.length)]));
        await expect(copied(`later-${k}`)).rejects.toMatchObject({
          reason: "BACKUP_OF_DAMAGED",
          message: expect.stringContaining(`page 0 of ${own}`),
        });
        // It is there all the same.
        expect(existsSync(join(around, `later-${k}`, "backup.json"))).toBe(true);
      }
    } finally {
      await rm(around, { recursive: true });
    }
  });
});

/** Changes a bit of a row, in a table of a cluster that nobody works with. @returns the table's file. */
async function flipped(cluster: string): Promise<string> {
  const names = (await readdir(join(cluster, "base", "1"))).filter((name) => /^\d+$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => ({ name, size: (await stat(join(cluster, "base", "1", name))).size })));
  const path = `base/1/${sizes.toSorted((one, other) => other.size - one.size)[0]!.name}`;
  const content = await readFile(join(cluster, path));
  content.writeUInt8(content.readUInt8(8_000) ^ 4, 8_000);
  await writeFile(join(cluster, path), content);
  return path;
}

describe("where a copy, an archive or what is brought back cannot be", () => {
  const source = async (): Promise<{ url: string; folder: string; around: string }> => {
    const around = await mkdtemp("/tmp/agent-platform-backup-");
    const folder = join(around, "postgres");
    await mkdir(folder);
    await symlink(folder, join(around, "link"));
    await symlink(join(around, "gone"), join(around, "dangling"));
    execFileSync("mkfifo", [join(around, "fifo")]);
    return { url: "postgres://nobody@127.0.0.1:1/none", folder, around };
  };

  it("says so at once, and leaves nothing: a file system that takes no folders, a pipe, the database's own folder by another name", async () => {
    const { around, ...of } = await source();
    const cases: [string, string, RegExp][] = [
      ["/proc/agent-platform", "BACKUP_NOT_WRITTEN", /ENOENT/],
      ["/proc/agent-platform/deeper/monday", "BACKUP_NOT_WRITTEN", /ENOENT/],
      [join(around, "fifo"), "BACKUP_FOLDER_TAKEN", /is there already/],
      [join(around, "fifo", "monday"), "BACKUP_NOT_WRITTEN", /ENOTDIR/],
      [join(around, "dangling", "monday"), "BACKUP_NOT_WRITTEN", /ENOENT/],
      [join(around, "link", "in", "monday"), "BACKUP_FOLDER_INSIDE", /own folder/],
    ];
    for (const [to, reason, message] of cases)
      await expect(backupCluster(of, to)).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
    for (const archive of ["/proc/agent-platform/log", join(around, "fifo"), join(around, "dangling")])
      expect(() => prepareArchive(archive, of.folder)).toThrow(expect.objectContaining({ reason: "ARCHIVE_UNUSABLE" }));
    expect((await readdir(around)).sort()).toEqual(["dangling", "fifo", "link", "postgres"]);
    await rm(around, { recursive: true });
  });
});

/** Folders that are no archive of the cluster, and what is said of each. */
async function wrongArchives(folder: string, archive: string): Promise<[string, string][]> {
  const [segment = ""] = (await readdir(archive)).filter((name) => /^[0-9A-F]{24}$/.test(name));
  const made = async (name: string, content: Buffer | undefined, mode = 0o755) => {
    await mkdir(join(folder, name));
    if (content) await writeFile(join(folder, name, segment), content);
    await chmod(join(folder, name), mode);
    return join(folder, name);
  };
  const foreign = await readFile(join(archive, segment));
  foreign.writeUInt8(foreign.readUInt8(24) ^ 1, 24);
  return [
    [join(folder, "none"), "it is not there"],
    [await made("empty", undefined), "no segment"],
    [await made("foreign", foreign), "another database"],
    // Root reads all; the user that it lends the server does not.
    [await made("closed", await readFile(join(archive, segment)), 0), process.getuid?.() === 0 ? "cannot read" : "cannot be read"],
  ];
}
