/** How values of PostgreSQL's types are read on their way to MikroORM and to the statements beside it. */
import { createPostgreSqlTypeParsers } from "@mikro-orm/sql";
import pg from "pg";

const { TIMESTAMP, TIMESTAMPTZ, FLOAT4, FLOAT8 } = pg.types.builtins;

/** No answer can say a time without end: it is read as the last that one can, and one without beginning as the first. They keep their place in an order. */
const outermostTimes: Readonly<Record<string, string>> = {
  infinity: "9999-12-31T23:59:59.999+00:00",
  "-infinity": "0001-01-01T00:00:00.000+00:00",
};

/** Times stay text, which MikroORM reads itself. What the platform stores has neither times without end nor numbers beyond all bounds; a change by hand may have. */
export function driverTypes(): pg.CustomTypesConfig {
  const types = new pg.TypeOverrides();
  const set = (oid: number, parser: (text: string) => unknown) => types.setTypeParser(oid, parser as never);
  for (const [oid, parser] of Object.entries(createPostgreSqlTypeParsers((text: string) => [text]))) set(Number(oid), parser);
  for (const oid of [TIMESTAMP, TIMESTAMPTZ]) set(oid, (text) => outermostTimes[text] ?? text);
  for (const oid of [FLOAT4, FLOAT8]) set(oid, readNumber);
  return types;
}

/** As PostgreSQL orders them: NaN is above all. */
function readNumber(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number)) return number;
  return number === -Infinity ? -Number.MAX_VALUE : Number.MAX_VALUE;
}
