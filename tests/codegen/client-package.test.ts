/** The client as somebody has it who has installed its package: none of the repository's files are near. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { makeWorkflow } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { outsideProject, shownCompilerFlags, shownFile, type OutsideProject } from "./outside-project.ts";

let project: OutsideProject;
let platform: TestPlatform;
beforeAll(async () => {
  [project, platform] = await Promise.all([outsideProject(), startTestPlatform()]);
});
afterAll(async () => {
  await platform?.stop();
  await project?.[Symbol.asyncDispose]();
});

/** A subscription without generated types, in plain JavaScript. */
const plainProgram = (webSocket: string) => `
import { parse } from "graphql";
import WebSocket from "ws";
import { createClient } from "@agent-platform/client";
const client = createClient({ url: process.argv[2], tenantId: "t1", ${webSocket} });
const start = parse('subscription S($w: ID!) { startRun(input: { workflowId: $w, input: { name: "Ada" } }) { runStatus } }');
try {
  for await (const { startRun: { runStatus } } of client.subscribe(start, { w: process.argv[3] })) if (runStatus) console.log(runStatus);
} catch (error) {
  console.log(error.message);
}
await client.close();
`;

async function greeting(): Promise<string> {
  const node = { id: "greet", type: "answer", config: { answer: "Hello {{ input.name }}!" } };
  const { workflowId } = await makeWorkflow(platform, { nodes: [node], edges: [] });
  return workflowId;
}

describe("the client's package", () => {
  it("takes its user from the README's four steps to a typed program that runs a workflow and watches it", async () => {
    await project.write("codegen.ts", await shownFile("codegen.ts"));
    // The tenant of tests.
    await project.write("src/watch.ts", (await shownFile("src/watch.ts")).replace('"public"', '"t1"'));
    expect(await project.npx("graphql-codegen")).toMatchObject({ code: 0 });
    expect(await project.npx("tsc", ...(await shownCompilerFlags()))).toEqual({ code: 0, output: "" });
    const { code, output } = await project.node("dist/watch.js", platform.url, await greeting());
    expect(output).toMatch(/^run QUEUED\n[^]*greet COMPLETED\nrun COMPLETED\n$/);
    expect(code).toBe(0);
    const refused = await project.node("dist/watch.js", platform.url, "nope");
    expect(refused.output).toMatch(/^WORKFLOW_NOT_FOUND /);
  });

  it("types what a document takes and gives", async () => {
    await project.write("codegen.ts", await shownFile("codegen.ts"));
    const right = `import { createClient } from "@agent-platform/client";
import { graphql } from "./graph/gql.js";
const client = createClient({ url: "http://127.0.0.1:1/graphql" });
const status = graphql(\`query Status($id: ID!) { run(id: $id) { status } }\`);
export const found: "QUEUED" | string | undefined = (await client.query(status, { id: "1" })).run?.status;
`;
    await project.write("src/watch.ts", await shownFile("src/watch.ts"));
    await project.write("src/right.ts", right);
    await project.write("src/wrong.ts", right.replace('{ id: "1" }', '{ run: "1" }').replace("?.status", "?.state"));
    expect(await project.npx("graphql-codegen")).toMatchObject({ code: 0 });
    const flags = (await shownCompilerFlags()).filter((flag) => flag !== "src/watch.ts");
    expect(await project.npx("tsc", ...flags, "src/right.ts")).toEqual({ code: 0, output: "" });
    const { output } = await project.npx("tsc", ...flags, "src/wrong.ts");
    expect(output).toMatch(/wrong\.ts.*'run' does not exist in type/);
    expect(output).toMatch(/wrong\.ts.*Property 'state' does not exist/);
  });

  it("takes documents as text too, typed alike", async () => {
    const config = (await shownFile("codegen.ts"))
      .replace('src/graph/"', 'src/texts/"')
      .replace("config: {", 'config: { documentMode: "string",');
    await project.write("codegen-texts.ts", config);
    const program = (await shownFile("src/watch.ts")).replace("./graph/", "./texts/").replace('"public"', '"t1"');
    await project.write("src/watch-texts.ts", program);
    expect(await project.npx("graphql-codegen", "--config", "codegen-texts.ts")).toMatchObject({ code: 0 });
    const flags = (await shownCompilerFlags()).filter((flag) => flag !== "src/watch.ts");
    expect(await project.npx("tsc", ...flags, "src/watch-texts.ts")).toEqual({ code: 0, output: "" });
    const { output } = await project.node("dist/watch-texts.js", platform.url, await greeting());
    expect(output).toMatch(/greet COMPLETED\nrun COMPLETED\n$/);
  });

  it.each([
    { where: "Node", settings: { lib: ["es2023"], types: ["node"], module: "nodenext" } },
    {
      where: "a browser",
      settings: { lib: ["es2023", "dom", "dom.asynciterable"], types: [], module: "esnext", moduleResolution: "bundler" },
    },
  ])("is typed strictly for $where, without a look at its sources", async ({ settings }) => {
    const compilerOptions = {
      ...settings,
      target: "es2023",
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    };
    await project.write("typed/tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    await project.write(
      "typed/use.ts",
      `import { createClient, GraphqlRequestError, TransportError, type GraphClient, type Loss } from "@agent-platform/client";
export const client: GraphClient = createClient({ url: "http://127.0.0.1:1/graphql" });
export const told = { onLost: ({ giveUpAfterMs }: Loss) => void giveUpAfterMs.toFixed() };
export const known = (error: unknown) => error instanceof GraphqlRequestError ? error.reason : error instanceof TransportError;
`,
    );
    expect(await project.npx("tsc", "--project", "typed")).toEqual({ code: 0, output: "" });
  });

  it("says by its own option's name what a runtime without WebSocket lacks, and takes the class of ws", async () => {
    const workflowId = await greeting();
    await project.write("without.mjs", plainProgram(""));
    await project.write("wrong.mjs", plainProgram("webSocket: {}"));
    await project.write("with.mjs", plainProgram("webSocket: WebSocket"));
    // As Node 20 is.
    const run = (file: string) => project.node("--no-experimental-websocket", file, platform.url, workflowId);
    expect((await run("without.mjs")).output).toMatch(/^This runtime has no WebSocket .*createClient\(\{ url, webSocket: WebSocket \}\)/);
    expect((await run("wrong.mjs")).output).toMatch(/^`webSocket` is no WebSocket's class/);
    expect((await run("with.mjs")).output).toBe("QUEUED\nRUNNING\nCOMPLETED\n");
    await project.write(
      "ws.ts",
      `import WebSocket from "ws";
import { createClient } from "@agent-platform/client";
createClient({ url: "http://127.0.0.1:1/graphql", webSocket: WebSocket });
createClient({ url: "http://127.0.0.1:1/graphql", webSocket: globalThis.WebSocket });
`,
    );
    const flags = ["--module", "nodenext", "--target", "es2023", "--strict", "--noEmit"];
    expect(await project.npx("tsc", ...flags, "ws.ts")).toEqual({ code: 0, output: "" });
  });

  it("runs from its sources too, where Node takes types away by itself", async () => {
    const source = new URL("../../codegen/client/index.ts", import.meta.url).href;
    const program = `import { createClient, GraphqlRequestError } from ${JSON.stringify(source)};
const names: string[] = [createClient, GraphqlRequestError].map((value: Function) => value.name);
console.log(names.join(" "));`;
    await project.write("plain.ts", program);
    expect(await project.node("--disable-warning=ExperimentalWarning", "plain.ts")).toEqual({
      code: 0,
      output: "createClient GraphqlRequestError\n",
    });
  });

  it("is as small in a browser as its README says, and needs nothing of Node there", async () => {
    await project.write("page.js", `export * from "@agent-platform/client";`);
    const sizeOf = async (external: string[]) => {
      const { outputFiles, warnings } = await build({
        absWorkingDir: project.folder,
        entryPoints: ["page.js"],
        bundle: true,
        minify: true,
        format: "esm",
        platform: "browser",
        external,
        write: false,
      });
      expect(warnings).toEqual([]);
      return Math.ceil(gzipSync(outputFiles[0]!.contents).length / 1_024);
    };
    const readme = await readFile(join(project.folder, "node_modules/@agent-platform/client/README.md"), "utf8");
    const [, own, whole] = /it is (\d+) KB in a browser\s\(minified, gzip\), (\d+) KB with/.exec(readme)!;
    expect({ own: await sizeOf(["graphql", "graphql-ws"]), whole: await sizeOf([]) }).toEqual({ own: Number(own), whole: Number(whole) });
  });

  it("asks for peers of which the tested versions are some, brings no other package, and is of the platform's version", async () => {
    const manifestOf = async (path: string) => JSON.parse(await readFile(path, "utf8")) as Record<string, Record<string, string>>;
    const manifest = await manifestOf(join(project.folder, "node_modules/@agent-platform/client/package.json"));
    expect(manifest["dependencies"]).toBeUndefined();
    const require = createRequire(import.meta.url);
    for (const [name, range] of Object.entries(manifest["peerDependencies"]!)) {
      const { version } = (await manifestOf(require.resolve(`${name}/package.json`))) as unknown as { version: string };
      expect(range.split("||").map((one) => one.trim().split(".")[0])).toContain(`^${version.split(".")[0]}`);
    }
    expect(manifest["version"]).toBe((await manifestOf(join(import.meta.dirname, "../../package.json")))["version"]);
  });
});
