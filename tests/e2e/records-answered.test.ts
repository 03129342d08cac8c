/** What mutations that take a record out of use answer: the record, as it was. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import { ask } from "../testkit/graph.ts";
import { makeOneOfEach, secretWord } from "../testkit/one-of-each.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform.stop());

/** A mutation on one of a tenant's records, and what it answers. */
const asked = (mutation: string, id: string, fields: string) =>
  ask<{ it: Record<string, unknown> }>(platform, `mutation ($id: ID!) { it: ${mutation}(id: $id) { ${fields} } }`, { id }).then(
    ({ it }) => it,
  );

it("a record that is deleted is answered as it was, and says when", async () => {
  const one = await makeOneOfEach(platform, "t1");
  await asked("uninstallSkill", one["skillInstallation"]!, "id");
  // In this order: an app has no workflows when it is deleted, a tool no bindings.
  for (const type of ["Workflow", "App", "ToolBinding", "Tool", "ModelProvider", "Agent", "Team", "Skill"]) {
    const id = one[`${type[0]!.toLowerCase()}${type.slice(1)}`]!;
    const deleted = await asked(`delete${type}`, id, "id name deletedAt");
    expect([type, deleted]).toEqual([type, { id, name: secretWord, deletedAt: expect.stringContaining("T") }]);
  }
  const memory = await asked("deleteMemory", one["memory"]!, "id contentText scopeType scopeId");
  expect(memory).toEqual({ id: one["memory"], contentText: secretWord, scopeType: "SESSION", scopeId: one.session });
});

it.each(["agent", "team", "skill"])("an archived version of an %s is not published any more; publishing it takes it back", async (noun) => {
  const one = await makeOneOfEach(platform, `archives-${noun}`);
  const headers = { "x-tenant-id": `archives-${noun}` };
  const Noun = `${noun[0]!.toUpperCase()}${noun.slice(1)}`;
  const [id, versionId] = [one[noun]!, one[`${noun}Version`]!];
  const change = (verb: string) =>
    ask(platform, `mutation ($id: ID!) { it: ${verb}${Noun}Version(id: $id) { id status } }`, { id: versionId }, headers);
  const published = () => ask(platform, `query ($id: ID!) { it: ${noun}(id: $id) { publishedVersion { id } } }`, { id }, headers);
  expect(await change("archive")).toEqual({ it: { id: versionId, status: "ARCHIVED" } });
  // Doing it again changes nothing.
  expect(await change("archive")).toEqual({ it: { id: versionId, status: "ARCHIVED" } });
  expect(await published()).toEqual({ it: { publishedVersion: null } });
  expect(await change("publish")).toEqual({ it: { id: versionId, status: "PUBLISHED" } });
  expect(await published()).toEqual({ it: { publishedVersion: { id: versionId } } });
});

it("an interface reads whatever has an id, in the subgraph that has it and in those that refer to it", async () => {
  const one = await makeOneOfEach(platform, "reads");
  const query = `query ($run: ID!, $app: ID!) {
    run(id: $run) { ...N workflow { ...N app { ...N } } nodeRuns { nodes { ...N ... on Node { id } } } }
    app(id: $app) { runs(first: 1) { nodes { ...N status } } }
  } fragment N on Node { __typename id }`;
  const read = await ask(platform, query, { run: one.run, app: one["app"] }, { "x-tenant-id": "reads" });
  expect(read).toEqual({
    run: {
      ...{ __typename: "Run", id: one.run },
      workflow: { __typename: "Workflow", id: one["workflow"], app: { __typename: "App", id: one["app"] } },
      nodeRuns: { nodes: [{ __typename: "NodeRun", id: one["nodeRun"] }] },
    },
    app: { runs: { nodes: [{ __typename: "Run", id: one.manualRun, status: "QUEUED" }] } },
  });
});

interface Timed {
  it: { at: string; occurredAt: string };
}

it("events say when they occurred, under both names", async () => {
  const one = await makeOneOfEach(platform, "occurs");
  for (const field of ["runEvents", "nodeRunUpdated"]) {
    const document = parse(`subscription ($runId: ID!) { it: ${field}(runId: $runId) { at occurredAt } }`) as TypedDocumentNode<Timed>;
    const events = await Array.fromAsync(platform.client({ tenantId: "occurs" }).subscribe(document, { runId: one.run }));
    expect(events.length).toBeGreaterThan(0);
    for (const { it } of events) expect(it.occurredAt).toEqual(it.at);
  }
});
