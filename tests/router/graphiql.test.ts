import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundledFiles, loadBundle } from "../../router/graphiql/bundle.ts";
import { fixtureRouter, memoryLog } from "../testkit/fixture-router.ts";

describe("GraphiQL", () => {
  it("is at the root, all of it served from here (offline)", async () => {
    await using t = await fixtureRouter();
    const fetchText = async (path: string) => {
      const answer = await fetch(new URL(path, t.router.url));
      return {
        status: answer.status,
        type: answer.headers.get("content-type"),
        csp: answer.headers.get("content-security-policy"),
        text: await answer.text(),
      };
    };
    const page = await fetchText("/");
    expect(page).toMatchObject({ status: 200, type: "text/html; charset=utf-8", csp: expect.stringContaining("default-src 'self'") });
    const files = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
    expect(files).toEqual(["/graphiql/page.css", "/graphiql/page.js"]);
    // A namespace is no address.
    expect(page.text.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
    for (const path of [...files, "/graphiql/editor.worker.js", "/graphiql/json.worker.js", "/graphiql/graphql.worker.js"]) {
      expect(await fetchText(path)).toMatchObject({ status: 200, type: expect.stringMatching(/^text\/(css|javascript)/) });
    }
    expect((await fetchText("/graphiql/page.css")).text).not.toMatch(/url\(["']?https?:/);
    expect((await fetchText("/graphiql/../package.json")).status).toBe(404);
    expect((await fetchText("/graphiql/nothing.js")).status).toBe(404);
  });

  it("is sent again only when it has changed, and is served where its bundle cannot be kept", async () => {
    const file = fileURLToPath(import.meta.url);
    await using t = await fixtureRouter({ env: { dataDir: file } });
    const fetchStyle = (headers: Record<string, string> = {}) => fetch(new URL("/graphiql/page.css", t.router.url), { headers });
    const first = await fetchStyle();
    expect([first.status, (await first.text()).length > 100_000]).toEqual([200, true]);
    expect(t.logged).toContainEqual(expect.objectContaining({ level: 40, msg: "graphiql's bundle cannot be kept" }));
    const again = await fetchStyle({ "if-none-match": first.headers.get("etag")! });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await fetchStyle({ "if-none-match": '"another"' })).status).toBe(200);
  });

  it("mends a kept bundle of which a file is missing, and keeps no older one", async () => {
    const cacheFolder = await mkdtemp(join(tmpdir(), "graphiql-"));
    const log = memoryLog([]);
    const { version } = await loadBundle(cacheFolder, log);
    const folder = join(cacheFolder, `graphiql-${version}`);
    await rm(join(folder, "page.js"));
    await mkdir(join(cacheFolder, "graphiql-older"));
    const { files } = await loadBundle(cacheFolder, log);
    expect([...files.keys()].sort()).toEqual([...bundledFiles].sort());
    expect(await readdir(cacheFolder)).toEqual([`graphiql-${version}`]);
    expect((await readdir(folder)).sort()).toEqual([...bundledFiles].sort());
    await rm(cacheFolder, { recursive: true });
  });

  it("is where a browser lands that was pointed at the graph", async () => {
    await using t = await fixtureRouter();
    const answer = await fetch(t.router.url, { headers: { accept: "text/html" }, redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/"]);
  });
});
