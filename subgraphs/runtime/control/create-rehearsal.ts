/**
 * Creates that are taken back, before the first that somebody asks for: a connection's first costs PostgreSQL ten times what its next does, and Node makes the rows of
 * the first burst three times as slowly as later ones (docs/performance.md).
 */
import type pg from "pg";
import { newId } from "#shared/ids.ts";
import { nobody, rehearsedInput, rehearsedPlan } from "../plan/rehearsed.ts";
import { runsCreate } from "../queue/create.sql.ts";
import { createsAtOnce } from "./create-batcher.ts";
import { planRows, runRow } from "./new-run.ts";

const statements = 8;
const runsEach = 8;

/** Rehearses over as many connections as creates use side by side. Each has a transaction that is rolled back: nobody sees a row of it. */
export async function rehearseCreates(pool: pg.Pool): Promise<void> {
  await Promise.all(Array.from({ length: createsAtOnce }, () => takenBack(pool)));
}

async function takenBack(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  let lost: Error | undefined;
  try {
    await client.query("begin");
    for (let count = 0; count < statements; count++) await create(client);
    await client.query("rollback");
  } catch (cause) {
    // Whatever it was, the session is not lent again: its transaction may be open.
    lost = cause as Error;
    throw cause;
  } finally {
    client.release(lost);
  }
}

async function create(client: pg.PoolClient): Promise<void> {
  const id = newId();
  const plan = rehearsedPlan(id);
  const runs = Array.from({ length: runsEach }, (_, place) =>
    runRow({ id: newId(), tenantId: nobody, requestId: nobody, plan, input: rehearsedInput(place) }),
  );
  await runsCreate(client, runs, planRows(plan));
}
