import type { Tx } from "#shared/db/database.ts";
import type { PayloadSource } from "#shared/graphql/payload-loader.ts";
import type { Json } from "#shared/json.ts";
import { NodeArtifact } from "./artifact.entity.ts";
import { epochMs } from "../../queue/statement.ts";
import { ofStoredRun, type RunList } from "../run-pages.sql.ts";

interface ArtifactRow {
  id: string;
  run_id: string;
  path: string;
  artifact_type: string;
  name: string | null;
  storage_uri: string | null;
  size_bytes: number;
  created_ms: number;
}

const columns = `c.id, c.run_id, c.path, c.artifact_type, c.name, c.storage_uri, c.size_bytes, ${epochMs("c.created_at")} as created_ms`;

/** Artifacts by id, which is the order in which they were made. Index: artifact_run. */
export const artifactList: RunList<ArtifactRow, NodeArtifact> = {
  item: "NodeArtifact",
  select: columns,
  table: "runtime.artifact",
  key: "c.id",
  keyType: "text",
  ofPath: "c.path = p.path",
  decode,
};

/** Artifacts by id, in the order of `ids`. */
export async function artifactsById(tx: Tx, ids: readonly string[]): Promise<(NodeArtifact | null)[]> {
  const rows = await tx.sql<ArtifactRow>(
    `select ${columns} from runtime.artifact c where c.tenant_id = $2 and c.id = any($1) and ${ofStoredRun("c")}`,
    [ids, tx.tenantId],
  );
  const byId = new Map(rows.map((row) => [row.id, decode(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** What an artifact holds. */
export interface ArtifactContent {
  contentText: string | null;
  contentJson: Json;
}

/** Contents by artifact id. */
export const artifactContents: PayloadSource<ArtifactContent> = {
  rows: `select id, content_text as "contentText", content_json as "contentJson" from runtime.artifact where tenant_id = $2 and id = any($1)`,
  columns: ["contentText", "contentJson"],
  valuesOf: (ids, tenantId) => [ids, tenantId],
};

function decode(row: ArtifactRow): NodeArtifact {
  return Object.assign(new NodeArtifact(), {
    id: row.id,
    runId: row.run_id,
    path: row.path,
    artifactType: row.artifact_type,
    name: row.name,
    storageUri: row.storage_uri,
    sizeBytes: row.size_bytes,
    createdAt: new Date(row.created_ms),
  });
}
