import { createHmac } from "node:crypto";
import { runCli } from "../cli/cli-process.ts";
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask, chain, finishRun, makeWorkflow, refusal, type Dsl } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
beforeAll(async () => (platform = await startTestPlatform()));
afterAll(() => platform.stop());

const echo: Dsl = { nodes: [{ id: "say", type: "answer", config: { answer: "{{ input | json }}" } }], edges: [] };
const other = { "x-tenant-id": "t2" };

const fields = `id name cron zone missed status input nextAt nextTimes(first: 3) lastPlannedAt lastFiredAt lastMissedAt lastRun { id input }
  lastError { code reason message attempts nextAttemptAt } workflow { id schedules { nodes { id } } } workflowVersion { id }`;
interface Seen {
  id: string;
  status: string;
  nextAt: string | null;
  nextTimes: string[];
  lastPlannedAt: string | null;
  lastMissedAt: string | null;
  lastRun: { id: string; input: Record<string, unknown> } | null;
  lastError: { reason: string; message: string; attempts: number; nextAttemptAt: string | null } | null;
}

const create = `mutation ($input: CreateScheduleInput!) { made: createSchedule(input: $input) { ${fields} } }`;
const read = async (id: string) =>
  (await ask<{ schedule: Seen }>(platform, `query ($id: ID!) { schedule(id: $id) { ${fields} } }`, { id })).schedule;

async function makeSchedule(workflowId: string, more: object = {}): Promise<Seen> {
  const input = { name: "nightly", workflowId, cron: "0 3 * * *", zone: "Europe/Berlin", ...more };
  return (await ask<{ made: Seen }>(platform, create, { input })).made;
}

/** As if its planned time had come so long ago: the clock is the database's. */
async function planned(id: string, at: string): Promise<void> {
  await query(platform.database.adminUrl, `update runtime.schedule set next_at = ${at}, due_at = ${at} where id = $1`, [id]);
}

const runsOf = async (id: string) =>
  (await query(platform.database.adminUrl, "select id from runtime.run where input -> 'schedule' ->> 'id' = $1", [id])) as { id: string }[];

describe("a schedule", () => {
  it("makes a run at its time, tells it the time, and goes on to the next", async () => {
    const { workflowId } = await makeWorkflow(platform, echo);
    const made = await makeSchedule(workflowId, { input: { topic: "news" } });
    expect(made).toMatchObject({ cron: "0 3 * * *", zone: "Europe/Berlin", missed: "SKIP", status: "ACTIVE", input: { topic: "news" } });
    expect(made).toMatchObject({ lastRun: null, lastError: null, workflow: { id: workflowId, schedules: { nodes: [{ id: made.id }] } } });
    expect(made.nextTimes).toEqual([made.nextAt, expect.any(String), expect.any(String)]);
    await planned(made.id, "now() - interval '1 second'");
    const fired = await eventually(
      () => read(made.id),
      ({ lastRun }) => lastRun !== null,
    );
    expect(fired.nextAt).toBe(made.nextAt);
    expect(fired.lastRun?.input).toEqual({ topic: "news", schedule: { id: made.id, name: "nightly", plannedAt: expect.any(String) } });
    const run = await finishRun(platform, fired.lastRun!.id);
    expect([run.status, JSON.parse(run.outputText ?? "")]).toEqual(["COMPLETED", fired.lastRun?.input]);
    expect(await runsOf(made.id)).toHaveLength(1);
  });

  it("makes the runs that its run makes, of a workflow that nobody has run before", async () => {
    const inner = await makeWorkflow(platform, echo);
    const config = { workflow_id: inner.workflowId, mode: "run" };
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "sub", type: "sub-workflow", config }], edges: [] });
    const { id } = await makeSchedule(workflowId);
    await planned(id, "date_trunc('minute', now())");
    const { lastRun } = await eventually(
      () => read(id),
      (one) => one.lastRun !== null,
    );
    const run = await finishRun(platform, lastRun!.id);
    expect([run.status, run.errorMessage]).toEqual(["COMPLETED", null]);
  });

  it("does about what it missed as it was told: nothing, or one run", async () => {
    const { workflowId } = await makeWorkflow(platform, echo);
    const cron = { cron: "0 * * * *", zone: "UTC" };
    const once = await makeSchedule(workflowId, { ...cron, missed: "ONCE" });
    const skip = await makeSchedule(workflowId, { cron: "0 0 1 1 *", zone: "UTC" });
    // Not within two minutes after the hour, where the last of them is in time.
    const day = "date_trunc('hour', now()) - interval '25 hours'";
    await planned(once.id, day);
    const fired = await eventually(
      () => read(once.id),
      ({ lastRun }) => lastRun !== null,
    );
    const lastHour = new Date(fired.lastPlannedAt!);
    expect(Date.now() - lastHour.getTime()).toBeLessThan(3_700_000);
    expect(await runsOf(once.id)).toHaveLength(1);
    await planned(skip.id, "now() - interval '3 minutes'");
    const skipped = await eventually(
      () => read(skip.id),
      ({ lastMissedAt }) => lastMissedAt !== null,
    );
    expect(skipped).toMatchObject({ lastRun: null, nextAt: expect.stringMatching(/-01-01T00:00:00/) });
    expect(await runsOf(skip.id)).toEqual([]);
  });

  it("rests while it is paused, and has missed nothing when it is resumed", async () => {
    const { workflowId } = await makeWorkflow(platform, echo);
    const { id } = await makeSchedule(workflowId, { missed: "ONCE" });
    const set = (verb: string) =>
      ask<{ made: Seen }>(platform, `mutation ($id: ID!) { made: ${verb}Schedule(id: $id) { ${fields} } }`, { id });
    for (let twice = 0; twice < 2; twice++)
      expect((await set("pause")).made).toMatchObject({ status: "PAUSED", nextAt: null, nextTimes: [] });
    const resumed = (await set("resume")).made;
    expect(new Date(resumed.nextAt!).getTime()).toBeGreaterThan(Date.now());
    const update = `mutation ($id: ID!, $input: UpdateScheduleInput!) { made: updateSchedule(id: $id, input: $input) { ${fields} } }`;
    const changed = (await ask<{ made: Seen }>(platform, update, { id, input: { cron: "@hourly", zone: "Asia/Kolkata" } })).made;
    expect(changed.nextAt).toMatch(/:30:00/);
    expect((await set("delete")).made).toMatchObject({ id });
    expect(await read(id)).toBeNull();
    expect(await refusal(platform, update, { id, input: {} })).toMatchObject({ code: "NOT_FOUND", reason: "SCHEDULE_NOT_FOUND" });
  });

  it("says why it could make no run, waits longer each time, and goes on once it can", async () => {
    const { workflowId, workflowVersionId } = await makeWorkflow(platform, echo);
    const { id } = await makeSchedule(workflowId, { missed: "ONCE" });
    const set = (verb: string) =>
      ask(platform, `mutation ($id: ID!) { ${verb}WorkflowVersion(id: $id) { id } }`, { id: workflowVersionId });
    await set("archive");
    await planned(id, "now()");
    const refused = await eventually(
      () => read(id),
      ({ lastError }) => (lastError?.attempts ?? 0) >= 2,
    );
    expect(refused.lastError).toMatchObject({
      code: "CONFLICT",
      reason: "WORKFLOW_VERSION_NOT_PUBLISHED",
      nextAttemptAt: expect.any(String),
    });
    expect(refused.lastRun).toBeNull();
    await set("publish");
    const fired = await eventually(
      () => read(id),
      ({ lastRun }) => lastRun !== null,
    );
    expect(fired.lastError).toBeNull();
  });

  it("is refused by the tenant's quota as everybody is, says so, and makes its run when there is room", async () => {
    const tq = { "x-tenant-id": "tq" };
    const { workflowId } = await makeWorkflow(platform, echo, tq);
    const input = { name: "full", workflowId, cron: "0 3 * * *", missed: "ONCE" };
    const { made } = await ask<{ made: Seen }>(platform, create, { input }, tq);
    const quota = (text: string) => ask(platform, `mutation { setTenantQuota${text} { runsPerHour } }`, {}, tq);
    const seen = async () =>
      (await ask<{ schedule: Seen }>(platform, `query ($id: ID!) { schedule(id: $id) { ${fields} } }`, { id: made.id }, tq)).schedule;
    await quota("(quota: { runsPerHour: 0 })");
    await planned(made.id, "now()");
    const refused = await eventually(seen, ({ lastError }) => lastError !== null);
    expect(refused).toMatchObject({ lastRun: null, lastError: { code: "RESOURCE_EXHAUSTED", reason: "QUOTA_EXCEEDED" } });
    await quota("");
    await query(platform.database.adminUrl, "update runtime.schedule set due_at = now() where id = $1", [made.id]);
    const fired = await eventually(seen, ({ lastRun }) => lastRun !== null);
    expect([fired.lastError, (await runsOf(made.id)).length]).toEqual([null, 1]);
  });

  it("is made of what can come, and of a workflow that can run", async () => {
    const { workflowId } = await makeWorkflow(platform, echo);
    const good = { name: "n", workflowId, cron: "0 3 * * *" };
    const cases: [object, string][] = [
      [{ cron: "* * * * * *" }, "CRON_INVALID"],
      [{ cron: "never" }, "CRON_INVALID"],
      [{ cron: "0 0 31 2 *" }, "CRON_NEVER"],
      [{ cron: " " }, "TEXT_TOO_SHORT"],
      [{ zone: "Mars/Olympus" }, "ZONE_UNKNOWN"],
      [{ zone: "+02:00" }, "ZONE_UNKNOWN"],
      [{ name: "" }, "TEXT_TOO_SHORT"],
      [{ input: { text: "x".repeat(70_000) } }, "JSON_TOO_LARGE"],
      [{ workflowId: "none" }, "WORKFLOW_NOT_FOUND"],
      [{ workflowVersionId: "none" }, "WORKFLOW_VERSION_NOT_FOUND"],
    ];
    for (const [bad, reason] of cases) {
      const told = await refusal(platform, create, { input: { ...good, ...bad } });
      expect([bad, told["reason"]]).toEqual([bad, reason]);
    }
    const foreign = await platform.post(create, { input: good }, other);
    expect(foreign.errors?.[0]?.extensions).toMatchObject({ reason: "WORKFLOW_NOT_FOUND" });
  });

  it("of one tenant with thousands that are due keeps no other's waiting", async () => {
    const { workflowId } = await makeWorkflow(platform, echo);
    const { workflowId: theirs } = await makeWorkflow(platform, echo, other);
    const made = await makeSchedule(workflowId);
    const input = { name: "one", workflowId: theirs, cron: "0 3 * * *" };
    const one = (await ask<{ made: Seen }>(platform, create, { input }, other)).made;
    const { adminUrl } = platform.database;
    await query(
      adminUrl,
      `insert into runtime.schedule (id, tenant_id, name, workflow_id, cron, zone, missed, status, input, next_at, due_at, created_at, updated_at)
       select 'many-' || n, tenant_id, name, workflow_id, cron, zone, missed, status, input, now() - interval '1 minute', now() - interval '1 minute', now(), now()
       from runtime.schedule, generate_series(1, 2000) n where id = $1`,
      [made.id],
    );
    await planned(one.id, "now()");
    await eventually(
      () => query(adminUrl, "select 1 from runtime.schedule where id = $1 and last_run_id is not null", [one.id]),
      (rows) => rows.length === 1,
    );
    // Those that were still waiting then, however many of them have been fired by now.
    const left = (await query(
      adminUrl,
      `select count(*)::int as n from runtime.schedule s left join runtime.run r on r.id = s.last_run_id
       where s.id like 'many-%' and (r.id is null or r.created_at > (select o.created_at from runtime.run o where o.input -> 'schedule' ->> 'id' = $1))`,
      [one.id],
    )) as [{ n: number }];
    expect(left[0].n).toBeGreaterThan(0);
    await query(adminUrl, "delete from runtime.schedule where id like 'many-%'");
  });
});

const createHook = `mutation ($input: CreateWebhookInput!) { made: createWebhook(input: $input) { url secret webhook { id status answer headers signature { header } } } }`;
interface MadeHook {
  url: string;
  secret: string | null;
  webhook: { id: string };
}

async function makeHook(dsl: Dsl = echo, more: object = {}): Promise<MadeHook> {
  const { workflowId } = await makeWorkflow(platform, dsl);
  const { made } = await ask<{ made: MadeHook }>(platform, createHook, { input: { name: "hook", workflowId, ...more } });
  return { ...made, url: new URL(made.url, platform.url).href };
}

const call = (url: string, body: RequestInit["body"], headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body: body ?? null, headers });
const runIn = async (answer: Response) => ((await answer.json()) as { runId: string }).runId;
const inputOf = async (runId: string) =>
  (await ask<{ run: { input: Record<string, unknown> } }>(platform, "query ($id: ID!) { run(id: $id) { input } }", { id: runId })).run
    .input;
const json = { "content-type": "application/json" };
const plainText = { "content-type": "text/plain" };

describe("a webhook", () => {
  it("makes a run of each call, with the body as data and as it came", async () => {
    const { url } = await makeHook(echo, { headers: ["X-GitHub-Event"] });
    const body = '{"n": 1.0, "big": 12345678901234567890}';
    const answer = await call(`${url}?a=1&a=2&token=hush`, body, {
      ...json,
      "x-github-event": "push",
      authorization: "Bearer hush",
      "user-agent": "github",
    });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([202, "no-store"]);
    const runId = await runIn(answer);
    expect(answer.headers.get("x-run-id")).toBe(runId);
    expect(await inputOf(runId)).toEqual({
      body: { n: 1, big: "12345678901234567890" },
      raw: body,
      rawEncoding: "text",
      headers: { "content-type": "application/json", "user-agent": "github", "x-github-event": "push" },
      query: { a: ["1", "2"], token: "***" },
      method: "POST",
    });
    expect((await finishRun(platform, runId)).status).toBe("COMPLETED");
  });

  it("takes forms, texts and bytes as what they are", async () => {
    const { url } = await makeHook();
    const bytes = new Uint8Array([0, 255, 1]);
    const cases: [RequestInit["body"], string, object][] = [
      ["a=1&b=x%20y&a=2", "application/x-www-form-urlencoded", { body: { a: ["1", "2"], b: "x y" }, raw: "a=1&b=x%20y&a=2" }],
      ["héllo", "text/plain; charset=utf-8", { body: "héllo", raw: "héllo" }],
      [bytes, "application/octet-stream", { body: null, raw: "AP8B", rawEncoding: "base64" }],
      ["[1]", "application/vnd.x+json", { body: [1] }],
      ["", "application/json", { body: null, raw: "" }],
    ];
    for (const [body, type, expected] of cases) {
      const answer = await call(url, body, { "content-type": type });
      expect([type, answer.status]).toEqual([type, 202]);
      expect(await inputOf(await runIn(answer))).toMatchObject(expected);
    }
    const large = JSON.stringify({ text: "x".repeat((1 << 20) - 20) });
    expect(await inputOf(await runIn(await call(url, large, json)))).toMatchObject({ raw: large });
  });

  it("refuses what is no call of it, and makes no run", async () => {
    const { url, webhook } = await makeHook();
    const statuses = async (answers: Promise<Response>[]) => (await Promise.all(answers)).map(({ status }) => status);
    expect(
      await statuses([
        fetch(url),
        fetch(url, { method: "PUT", body: "{}" }),
        call(`${url}x`, "{}", json),
        call(url.replace(/hooks\/[^.]+/, `hooks/${Buffer.from("t2").toString("base64url")}`), "{}", json),
        call(new URL("/hooks/nothing", url).href, "{}", json),
        call(url, "{", json),
        call(url, `{"a":${"[".repeat(600)}${"]".repeat(600)}}`, json),
        call(url, '{"a":"\\ud800"}', json),
        call(url, "{}", { ...json, "content-encoding": "gzip" }),
      ]),
    ).toEqual([405, 405, 404, 404, 404, 400, 400, 400, 415]);
    expect((await call(url, "x".repeat((1 << 20) + 1), { "content-type": "text/plain" })).status).toBe(413);
    const none = await query(
      platform.database.adminUrl,
      "select id from runtime.run where workflow_id = (select workflow_id from runtime.webhook where id = $1)",
      [webhook.id],
    );
    expect(none).toEqual([]);
  });

  it("makes one run of a delivery, however often it comes", async () => {
    const plain = await makeHook();
    const numbered = await makeHook(echo, { deliveryHeader: "X-GitHub-Delivery" });
    for (const [hook, header] of [
      [plain, "idempotency-key"],
      [numbered, "x-github-delivery"],
    ] as const) {
      const answers = await Promise.all(["a", "a", "b"].map((id) => call(hook.url, "{}", { ...json, [header]: id })));
      const [first, again, third] = await Promise.all(answers.map(runIn));
      expect([again === first, third === first]).toEqual([true, false]);
    }
    // Without a number each call is its own.
    expect(await runIn(await call(plain.url, "{}", json))).not.toBe(await runIn(await call(plain.url, "{}", json)));
  });

  it("makes runs of what is signed alone; wrong signatures stand in the audit as what they are", async () => {
    const signature = { header: "stripe-signature", prefix: "v1=", signedText: "{timestamp}.{body}" };
    const { url, secret, webhook } = await makeHook(echo, { signature });
    const signed = (body: string, key: string, seconds = Math.floor(Date.now() / 1_000)) => ({
      ...json,
      "stripe-signature": `t=${seconds},v1=${createHmac("sha256", key).update(`${seconds}.${body}`).digest("hex")}`,
    });
    const good = signed("{}", secret!);
    const first = await runIn(await call(url, "{}", good));
    // Who has overheard a call sends it again: it is the same run.
    expect(await runIn(await call(url, "{}", good))).toBe(first);
    const bad = [{ ...json }, signed("{ }", secret!), signed("{}", "another secret"), signed("{}", secret!, 1_000)];
    const refused = await Promise.all(bad.map(async (headers) => call(url, "{}", headers)));
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(JSON.stringify(await Promise.all(refused.map((answer) => answer.json())))).not.toContain(secret);
    const audits = `{ requestAudits(first: 50) { nodes { rootFields statusCode event details } } }`;
    const seen = await ask<{ requestAudits: { nodes: object[] } }>(platform, audits);
    const event = (reason: string) => ({ rootFields: ["callHook"], statusCode: 401, event: "AUTH_FAILED", details: { reason } });
    for (const reason of ["WEBHOOK_SIGNATURE_MISSING", "WEBHOOK_SIGNATURE_WRONG", "WEBHOOK_SIGNATURE_LATE"])
      expect(seen.requestAudits.nodes).toContainEqual(event(reason));

    const rotate = `mutation ($id: ID!, $overlap: Int!) { rotated: rotateWebhookSecret(id: $id, overlapSeconds: $overlap) { secret url } }`;
    const rotated = (overlap: number) => ask<{ rotated: { secret: string; url: null } }>(platform, rotate, { id: webhook.id, overlap });
    const second = (await rotated(3_600)).rotated;
    expect(second.url).toBeNull();
    const both = [secret!, second.secret].map(
      async (key, index) => (await call(url, `{"n":${index}}`, signed(`{"n":${index}}`, key))).status,
    );
    expect(await Promise.all(both)).toEqual([202, 202]);
    // A sender that knows the other secret by now sends the same again: it is the same run, with both signatures too.
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const [byOld, byNew] = [secret!, second.secret].map((key) => signed("{}", key, nowSeconds));
    const word = byNew!["stripe-signature"].split(",")[1]!;
    const byBoth = { ...json, "stripe-signature": `${byOld!["stripe-signature"]},${word}` };
    const same = await Promise.all([byOld!, byNew!, byBoth].map(async (headers) => runIn(await call(url, "{}", headers))));
    expect(new Set(same).size).toBe(1);
    const third = (await rotated(0)).rotated;
    const last = [second.secret, third.secret].map(async (key) => (await call(url, "[]", signed("[]", key))).status);
    expect(await Promise.all(last)).toEqual([401, 202]);
  });

  it("shows neither its URL nor its secret again, and stores neither", async () => {
    const { url, secret, webhook } = await makeHook(echo, { signature: { header: "x-sig" }, secret: "a secret of the sender" });
    expect(secret).toBe("a secret of the sender");
    const token = url.split("/hooks/")[1]!;
    const shown = await platform.post(
      `{ webhooks(first: 100) { nodes { id name status answer headers deliveryHeader previousUntil signature { header prefix } } } }`,
    );
    const row = await query(platform.database.adminUrl, "select * from runtime.webhook where id = $1", [webhook.id]);
    const audits = await query(platform.database.adminUrl, "select * from access.request_audit");
    for (const words of [shown.data, row, audits].map((value) => JSON.stringify(value)))
      for (const word of [token, token.split(".")[1]!, secret!]) expect(words).not.toContain(word);
  });

  it("is gone where it is paused, deleted, or has another URL, and the other tenant's to nobody", async () => {
    const { url, webhook } = await makeHook();
    const { id } = webhook;
    const set = (status: string) =>
      ask(platform, `mutation ($id: ID!) { updateWebhook(id: $id, input: { status: ${status} }) { status } }`, { id });
    const status = async (at = url) => (await call(at, "{}", json)).status;
    await set("PAUSED");
    expect(await status()).toBe(404);
    await set("ACTIVE");
    expect(await status()).toBe(202);
    const { made } = await ask<{ made: MadeHook }>(platform, "mutation ($id: ID!) { made: rotateWebhookUrl(id: $id) { url } }", { id });
    expect([await status(), await status(new URL(made.url, url).href)]).toEqual([404, 202]);
    const theirs = await platform.post("query ($id: ID!) { webhook(id: $id) { id } }", { id }, other);
    expect(theirs.data).toEqual({ webhook: null });
    await ask(platform, "mutation ($id: ID!) { deleteWebhook(id: $id) { id } }", { id });
    expect(await status(new URL(made.url, url).href)).toBe(404);
  });

  it("whose workflow cannot run says so, and no run is lost for it that comes later", async () => {
    const { workflowId, workflowVersionId } = await makeWorkflow(platform, echo);
    const { made } = await ask<{ made: MadeHook }>(platform, createHook, { input: { name: "hook", workflowId } });
    const url = new URL(made.url, platform.url).href;
    const set = (verb: string) =>
      ask(platform, `mutation ($id: ID!) { ${verb}WorkflowVersion(id: $id) { id } }`, { id: workflowVersionId });
    const send = async () => {
      const answer = await call(url, "{}", { ...json, "idempotency-key": "one" });
      return [answer.status, ((await answer.json()) as { errors?: { extensions: { reason: string } }[] }).errors?.[0]?.extensions.reason];
    };
    await set("archive");
    expect(await send()).toEqual([409, "WORKFLOW_VERSION_NOT_PUBLISHED"]);
    await set("publish");
    expect(await send()).toEqual([202, undefined]);
  });

  it("answers with the run's output, where that comes in time", async () => {
    const asked = { answer: "OUTPUT", answerSeconds: 30 };
    const says = (answer: string): Dsl => ({ nodes: [{ id: "say", type: "answer", config: { answer } }], edges: [] });
    const text = await call((await makeHook(says("Hello {{ input.body.name }}"), asked)).url, '{"name":"Ann"}', json);
    expect([text.status, text.headers.get("content-type"), await text.text()]).toEqual([200, "text/plain; charset=utf-8", "Hello Ann"]);
    const data: Dsl = { nodes: [{ id: "list", type: "variable-aggregator", config: { variables: ["{{ input.body }}"] } }], edges: [] };
    const answer = await call((await makeHook(data, asked)).url, '{"a":[1]}', json);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
    const fails: Dsl = { nodes: [{ id: "fail", type: "template-transform", config: { template: "{{ 1 | divided_by: 0 }}" } }], edges: [] };
    const failed = await call((await makeHook(fails, asked)).url, "{}", json);
    expect([failed.status, await failed.json()]).toMatchObject([500, { status: "FAILED", errorCode: expect.any(String) }]);
    // An answer goes whole through two processes, so a long one is named.
    const body = { nodes: [{ id: "it", type: "template-transform", config: { template: "{{ input.raw }}" } }], edges: [] };
    const times = (items: number[]): Dsl => ({ nodes: [{ id: "each", type: "iteration", config: { items, body } }], edges: [] });
    const million = "x".repeat(1_000_000);
    const whole = await call((await makeHook(times([1, 2, 3, 4]), asked)).url, million, plainText);
    expect([whole.status, ((await whole.json()) as string[]).map(({ length }) => length)]).toEqual([200, [1e6, 1e6, 1e6, 1e6]]);
    const long = await call((await makeHook(times([1, 2, 3, 4, 5]), asked)).url, million, plainText);
    expect([long.status, await long.json()]).toMatchObject([
      200,
      {
        runId: long.headers.get("x-run-id"),
        status: "COMPLETED",
        error: { code: "WEBHOOK_OUTPUT_TOO_LARGE", message: expect.stringContaining(" 50000") },
      },
    ]);
    const waits: Dsl = {
      nodes: [
        { id: "wait", type: "callback", config: {} },
        { id: "say", type: "answer", config: { answer: "x" } },
      ],
      edges: chain("wait", "say"),
    };
    const late = await call((await makeHook(waits, { answer: "OUTPUT", answerSeconds: 1 })).url, "{}", json);
    expect([late.status, await late.json()]).toEqual([202, { runId: expect.any(String) }]);
  });

  it("is made of what can be checked", async () => {
    const { workflowId } = await makeWorkflow(platform, echo);
    const good = { name: "n", workflowId };
    const cases: [object, string][] = [
      [{ headers: ["authorization"] }, "HEADER_IS_CREDENTIAL"],
      [{ headers: ["x y"] }, "HEADER_NAME_INVALID"],
      [{ deliveryHeader: "" }, "HEADER_NAME_INVALID"],
      [{ signature: { header: "x", signedText: "{timestamp}" } }, "SIGNED_TEXT_INVALID"],
      [{ signature: { header: "x", signedText: "{body}{secret}" } }, "SIGNED_TEXT_INVALID"],
      [{ signature: { header: "x", signedText: "{id}.{body}" } }, "SIGNED_ID_MISSING"],
      [{ signature: { header: "x", toleranceSeconds: 5 } }, "TOLERANCE_WITHOUT_TIME"],
      [{ signature: { header: "x", signedText: "{timestamp}.{body}", toleranceSeconds: 86_401 } }, "NUMBER_OUT_OF_RANGE"],
      [{ signature: { header: "x", signedText: `{body}${"x".repeat(195)}` } }, "TEXT_TOO_LONG"],
      [{ signature: { header: "x", prefix: "x".repeat(51) } }, "TEXT_TOO_LONG"],
      [{ signature: { header: "x" }, secret: "short" }, "TEXT_TOO_SHORT"],
      [{ signature: { header: "x" }, secret: "x".repeat(501) }, "TEXT_TOO_LONG"],
      // Whoever gives a secret means that calls are checked by it.
      [{ secret: "whsec-of-the-sender" }, "SECRET_WITHOUT_SIGNATURE"],
      [{ answerSeconds: 31 }, "NUMBER_OUT_OF_RANGE"],
      [{ workflowId: "none" }, "WORKFLOW_NOT_FOUND"],
    ];
    for (const [bad, reason] of cases) {
      const told = await refusal(platform, createHook, { input: { ...good, ...bad } });
      expect([bad, told["reason"]]).toEqual([bad, reason]);
    }
    const { webhook } = await makeHook();
    const rotate = "mutation ($id: ID!) { rotateWebhookSecret(id: $id) { secret } }";
    expect(await refusal(platform, rotate, { id: webhook.id })).toMatchObject({ code: "CONFLICT", reason: "WEBHOOK_UNSIGNED" });
  });
});

describe("the command line", () => {
  const cli = (...args: string[]) => runCli("real", [...args, "--url", platform.url, "--tenant", "cli"]).ended;
  const asCli = { "x-tenant-id": "cli" };

  it("makes, lists, pauses and deletes schedules", async () => {
    const { workflowId } = await makeWorkflow(platform, echo, asCli);
    const made = await cli("schedules", "create", workflowId, "30 6 * * 1-5", "--zone", "Europe/Berlin", "--input", '{"a":1}', "--json");
    const { id } = JSON.parse(made.output) as { id: string };
    expect((await cli("schedules", "list")).output).toMatch(
      new RegExp(`^${id}  ACTIVE  "30 6 \\* \\* 1-5"  30 6 \\* \\* 1-5  Europe/Berlin  next \\S+\\n$`),
    );
    expect((await cli("schedules", "pause", id)).output).toContain(`${id}  PAUSED`);
    expect((await cli("schedules", "delete", id)).output).toContain("was deleted");
    expect(await cli("schedules", "delete", id)).toMatchObject({ code: 1, output: expect.stringContaining(`No schedule ${id}`) });
    expect(await cli("schedules", "create", workflowId, "@daily", "--input", "[1]")).toMatchObject({ code: 2 });
  });

  it("makes, lists and deletes webhooks, and shows the URL once", async () => {
    const { workflowId } = await makeWorkflow(platform, echo, asCli);
    const made = await cli("webhooks", "create", workflowId, "--signed", "github", "--answer", "OUTPUT", "--json");
    const { id, url, secret } = JSON.parse(made.output) as { id: string; url: string; secret: string };
    const signature = `sha256=${createHmac("sha256", secret).update("{}").digest("hex")}`;
    expect((await call(url, "{}", { ...json, "x-hub-signature-256": signature })).status).toBe(200);
    expect((await cli("webhooks", "list")).output).toBe(`${id}  ACTIVE  "webhook"  OUTPUT  signed in x-hub-signature-256\n`);
    expect((await cli("webhooks", "delete", id)).output).toContain("was deleted");
    expect((await call(url, "{}", json)).status).toBe(404);
  });
});
