import { readFileSync, writeFileSync } from "node:fs";
import pg from "pg";
import { createTestDatabase } from "../testkit/database.ts";
import { databaseDocument, notes, tablesOf } from "./database-document.ts";

const page = "docs/database.md";

describe("docs/database.md", () => {
  it("is what the migrations make", async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.adminUrl });
    await client.connect();
    try {
      const tables = await tablesOf(client);
      expect(Object.keys(notes).sort()).toEqual(tables.map(({ schema, name }) => `${schema}.${name}`).sort());
      const text = databaseDocument(tables);
      if (process.env["UPDATE_DOCS"] !== undefined) writeFileSync(page, text);
      expect(readFileSync(page, "utf8")).toBe(text);
    } finally {
      await client.end();
      await database.drop();
    }
  });
});
