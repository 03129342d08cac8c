/** A tenant's audits as JSON lines, the oldest first: page by page, each written before the next is asked for, so that any number is exported in little memory. */
import { createClient } from "#codegen/client/client.ts";
import { auditPage } from "./documents.ts";

export interface AuditExport {
  url: string;
  tenant?: string | undefined;
  apiKey?: string | undefined;
  /** ISO times: from this on, and before this. */
  since?: string | undefined;
  until?: string | undefined;
  /** Audits of one page. */
  pageSize: number;
  /** Writes text; resolves when there is room for more. */
  write: (text: string) => Promise<void>;
}

/** Exports; what comes while it does is exported too, unless it is behind `until`. @returns how many. */
export async function exportAudits({ url, tenant, apiKey, since, until, pageSize, write }: AuditExport): Promise<number> {
  const client = createClient({ url, tenantId: tenant, apiKey });
  const filter = { createdAfter: since ?? null, createdBefore: until ?? null };
  // The list begins with the newest: its end is the beginning.
  const pageBefore = (before: string | null) => client.query(auditPage, { filter, last: pageSize, before });
  let count = 0;
  let before: string | null = null;
  try {
    do {
      const page: Awaited<ReturnType<typeof pageBefore>> = await pageBefore(before);
      const nodes = page.requestAudits?.nodes ?? [];
      if (nodes.length > 0)
        await write(
          nodes
            .toReversed()
            .map((node) => `${JSON.stringify(node)}\n`)
            .join(""),
        );
      count += nodes.length;
      before = page.requestAudits?.pageInfo.hasPreviousPage ? page.requestAudits.pageInfo.startCursor! : null;
    } while (before !== null);
    return count;
  } finally {
    await client.close();
  }
}
