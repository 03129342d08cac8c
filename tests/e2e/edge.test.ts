import { request as httpRequest } from "node:http";
import { eventually } from "../testkit/eventually.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform({ workers: 0 });
});
afterAll(() => platform.stop());

describe("the edge of the graph", () => {
  it("S-102 keeps a request id or makes one, and gives it back", async () => {
    const kept = await platform.post("{ __typename }", {}, { "x-request-id": "my-request-1" });
    expect(kept.headers.get("x-request-id")).toBe("my-request-1");
    expect((await platform.post("{ __typename }")).headers.get("x-request-id")).toMatch(/.{8,}/);
  });

  it("S-103 S-104 takes the tenant from the header, else the query string, else public, and hands it on", async () => {
    const create = (code: string) => `mutation { createApp(input: { code: "${code}", name: "A" }) { id } }`;
    await platform.post(create("by-header"), {}, { "x-tenant-id": "acme" });
    const list = "{ apps { edges { node { code } } } }";
    const ask = async (search: string, headers: Record<string, string>) => {
      const response = await fetch(platform.url + search, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ query: list }),
      });
      const { data } = (await response.json()) as { data: { apps: { edges: { node: { code: string } }[] } } };
      return { tenant: response.headers.get("x-tenant-id"), codes: data.apps.edges.map((edge) => edge.node.code) };
    };
    expect(await ask("", { "x-tenant-id": "acme" })).toEqual({ tenant: "acme", codes: ["by-header"] });
    expect(await ask("?tenant_id=acme", {})).toEqual({ tenant: "acme", codes: ["by-header"] });
    expect(await ask("", {})).toEqual({ tenant: "public", codes: [] });
  });

  it("refuses a tenant id that is none", async () => {
    const answer = await platform.post("{ apps { edges { cursor } } }", {}, { "x-tenant-id": "no spaces" });
    expect(answer.status).toBe(400);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it("S-101 says how it is: livez, ready, health and services", async () => {
    const base = platform.url.replace("/graphql", "");
    // Each answer is given anew, and a service that takes longer than 2 s is DOWN in it.
    for (const path of ["/livez", "/ready", "/readyz", "/health"])
      await eventually(
        async () => [path, (await fetch(base + path)).status],
        ([, status]) => status === 200,
      );
    const services = await eventually(
      async () => {
        const { data } = await platform.post("{ services { name status latencyMs message } }");
        return (data as { services: { name: string; status: string }[] }).services;
      },
      (seen) => seen.every(({ status }) => status === "UP"),
    );
    expect(services.map((service) => service.name)).toEqual([
      "access",
      "agent",
      "memory",
      "model",
      "runtime",
      "session",
      "skill",
      "team",
      "tool",
      "workflow",
    ]);
  });

  it("S-105 keeps a row of every operation, without its variables", async () => {
    const requestId = `audit-${Date.now()}`;
    await platform.post(
      "query Ask($id: ID!) { app(id: $id) { id } }",
      { id: "secret-value" },
      { "x-request-id": requestId, "x-tenant-id": "audited" },
    );
    const query =
      "query ($id: String) { requestAudits(filter: { requestId: $id }) { edges { node { operationName operationType rootFields statusCode errorCodes durationMs } } } }";
    const rows = async () => {
      const { data } = await platform.post(query, { id: requestId }, { "x-tenant-id": "audited" });
      return (data as { requestAudits: { edges: { node: object }[] } }).requestAudits.edges;
    };
    expect(await eventually(rows, (edges) => edges.length > 0)).toEqual([
      {
        node: {
          operationName: "Ask",
          operationType: "QUERY",
          rootFields: ["app"],
          statusCode: 200,
          errorCodes: [],
          durationMs: expect.any(Number),
        },
      },
    ]);
  });

  it("answers no page of a foreign origin and no foreign host while authentication is off", async () => {
    const foreign = await platform.post("{ __typename }", {}, { origin: "https://evil.example" });
    expect(foreign.status).toBe(403);
    const { port } = new URL(platform.url);
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: "127.0.0.1", port, path: "/graphql?query={__typename}", headers: { host: "evil.example" } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.on("error", reject).end();
    });
    expect(status).toBe(403);
  });
});
