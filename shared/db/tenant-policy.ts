/**
 * The statements that put a tenant's table behind forced row-level security, for migrations.
 *
 * @param table qualified, such as `workflow.app`; it has a column tenant_id.
 */
export function tenantPolicy(table: string): string[] {
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    // A scalar subselect is an InitPlan: the function runs once for each statement, not once for each row.
    `create policy tenant on ${table} using (tenant_id = (select app.current_tenant())) with check (tenant_id = (select app.current_tenant()))`,
  ];
}
