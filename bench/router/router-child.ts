/**
 * One process of the router's bench: `plain`, `embedded` (one router whose audits are discarded and that asks nobody for a key, and one in earnest, by a database, whose URL
 * follows), `distributed` (the router) or `subgraphs` (what that asks).
 */
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
import { HintBus } from "#shared/hints.ts";
import { createLog } from "#shared/log.ts";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { serveEndpoints } from "#shared/serve/server.ts";
import { migrateAll } from "../../cli/compose/migrate.ts";
import { chainBatch } from "../../router/access/audits/audit-chain.ts";
import { AuditSealer } from "../../router/access/audits/audit-sealer.ts";
import { AuditWriter } from "../../router/access/audits/audit-writer.ts";
import { openKeyAdmin } from "../../router/access/keys/key-admin.ts";
import { KeyRing } from "../../router/access/keys/key-ring.ts";
import { discardedAudits } from "../../router/audit/discarded.ts";
import { startRouter } from "../../router/router.ts";
import { benchEndpoints, plainSchema } from "./router-schemas.ts";

const [, , mode, ...urls] = process.argv;
const env = defaultEnv({ port: 0, logLevel: "error", dataDir: mkdtempSync(join(tmpdir(), "agent-platform-bench-router-")) });
const log = createLog(env, "bench");
const keys = new InternalKeys(["5e".repeat(32)]);
process.on("disconnect", () => process.exit(0));
/** Resolves when all audits so far are stored and chained. */
let settled = (): Promise<void> => Promise.resolve();
// Whoever measures it asks what it has used, in µs, with all that follows from what it was asked before.
process.on("message", () => {
  void settled().then(() => {
    const { user, system } = process.cpuUsage();
    process.send!(user + system);
  });
});
process.send!(await serve());

/** Where it serves, and the key that it asks for. */
export interface ServedRouter {
  urls: string[];
  key?: string;
}

async function serve(): Promise<ServedRouter> {
  if (mode === "plain") return { urls: [await servePlain()] };
  if (mode === "embedded") return serveBoth(urls[0]!);
  if (mode === "distributed") {
    const connected = urls.map((url, index) => connectEndpoint({ name: index === 0 ? "runs" : "workflows", url, keys }));
    return { urls: [await serveRouter(await Promise.all(connected))] };
  }
  const server = await serveEndpoints({ endpoints: benchEndpoints(), listen: { port: 0 }, log, keys });
  return { urls: [server.urlOf("runs"), server.urlOf("workflows")] };
}

async function serveRouter(endpoints: SubgraphEndpoint[]): Promise<string> {
  return (await startRouter({ env, endpoints, audit: discardedAudits, log })).url;
}

/**
 * Both in one process: two of the same kind differ by a sixth, by how their heaps grew and what V8 made of their code (November 2026). The second is as it is run in earnest.
 * The bench's fields name no scope, so its key is one that has all.
 */
async function serveBoth(databaseUrl: string): Promise<ServedRouter> {
  await migrateAll({ ...env, databaseUrl }, ["access"]);
  const secrets = createSecretBox("5e".repeat(32));
  const admin = await openKeyAdmin({ databaseUrl, secrets });
  const { secret: key } = await admin.create({ tenantId: "bench", name: "bench", scopes: null, isAdmin: true, expiresAt: null });
  await admin.close();
  const hints = new HintBus({ url: databaseUrl, log });
  await hints.start();
  const ring = await KeyRing.open({ databaseUrl, secrets, hints, log });
  const sealer = new AuditSealer({ pool: ring.pool, log, key: ring.peppers.auditKey });
  const audit = new AuditWriter({ databaseUrl, log, spillFolder: join(env.dataDir, "audits"), onStored: () => sealer.soon() });
  settled = async () => {
    await audit.flush();
    // Without the rests of the sealer, with which it shares the connection.
    while ((await chainBatch(ring.pool, ring.peppers.auditKey)) > 0);
  };
  // One key asks all there is to ask, from one address.
  const unlimited = { rateLimit: 0, rateLimitAddress: 0 };
  const { url } = await startRouter({
    env: { ...env, ...unlimited, authRequired: true },
    keys: ring,
    endpoints: benchEndpoints(),
    audit,
    log,
  });
  return { urls: [await serveRouter(benchEndpoints()), url], key };
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
