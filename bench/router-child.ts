/** One server of the router's bench: `plain`, `embedded`, `audited` (by a database, whose URL follows), `distributed` (the router) or `subgraphs` (what that asks). */
import "reflect-metadata";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute, parse, validate } from "graphql";
import { defaultEnv } from "#shared/config.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { connectEndpoint } from "#shared/endpoint/http-endpoint.ts";
import { createLog } from "#shared/log.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { serveEndpoints } from "#shared/serve/server.ts";
import { migrateAll } from "../cli/compose/migrate.ts";
import { AuditWriter } from "../router/access/audit-writer.ts";
import type { AuditSink } from "../router/audit/audit.ts";
import { discardedAudits } from "../router/audit/discarded.ts";
import { startRouter } from "../router/router.ts";
import { benchEndpoints, plainSchema } from "./router-schemas.ts";

const [, , mode, ...urls] = process.argv;
const env = defaultEnv({ port: 0, logLevel: "error", dataDir: mkdtempSync(join(tmpdir(), "agent-platform-bench-router-")) });
const log = createLog(env, "bench");
const keys = new InternalKeys(["5e".repeat(32)]);
process.on("disconnect", () => process.exit(0));
process.send!(await serve());

async function serve(): Promise<string[]> {
  if (mode === "plain") return [await servePlain()];
  if (mode === "embedded") return [await serveRouter(benchEndpoints())];
  if (mode === "audited") return [await serveRouter(benchEndpoints(), await auditWriter(urls[0]!))];
  if (mode === "distributed")
    return [
      await serveRouter(
        await Promise.all(urls.map((url, index) => connectEndpoint({ name: index === 0 ? "runs" : "workflows", url, keys }))),
      ),
    ];
  const server = await serveEndpoints({ endpoints: benchEndpoints(), listen: { port: 0 }, log, keys });
  return [server.urlOf("runs"), server.urlOf("workflows")];
}

async function serveRouter(endpoints: SubgraphEndpoint[], audit: AuditSink = discardedAudits): Promise<string> {
  return (await startRouter({ env, endpoints, audit, log })).url;
}

async function auditWriter(databaseUrl: string): Promise<AuditSink> {
  await migrateAll({ ...env, databaseUrl }, ["access"]);
  return new AuditWriter({ databaseUrl, log, spillFolder: join(env.dataDir, "audits") });
}

/** The floor: parse once, validate once, execute. */
async function servePlain(): Promise<string> {
  const { schema, rootValue } = plainSchema();
  const documents = new Map<string, ReturnType<typeof parse>>();
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { query } = JSON.parse(body) as { query: string };
      let document = documents.get(query);
      if (document === undefined) {
        document = parse(query);
        if (validate(schema, document).length > 0) throw new Error("the bench's query is not valid");
        documents.set(query, document);
      }
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(execute({ schema, document, rootValue })));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}
