import { fixtureRouter } from "../testkit/fixture-router.ts";

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
    expect(page.text).not.toMatch(/https?:/);
    for (const path of [...files, "/graphiql/editor.worker.js", "/graphiql/json.worker.js", "/graphiql/graphql.worker.js"]) {
      expect(await fetchText(path)).toMatchObject({ status: 200, type: expect.stringMatching(/^text\/(css|javascript)/) });
    }
    expect((await fetchText("/graphiql/page.css")).text).not.toMatch(/url\(["']?https?:/);
    expect((await fetchText("/graphiql/../package.json")).status).toBe(404);
    expect((await fetchText("/graphiql/nothing.js")).status).toBe(404);
  }, 120_000);

  it("is where a browser lands that was pointed at the graph", async () => {
    await using t = await fixtureRouter();
    const answer = await fetch(t.router.url, { headers: { accept: "text/html" }, redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/"]);
  });
});
