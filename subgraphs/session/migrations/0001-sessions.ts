import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";
import { idempotencyTable } from "#shared/graphql/idempotency.ts";

/** Sessions, their messages, run requests and idempotency keys. */
export class Sessions extends Migration {
  override up(): void {
    this.addSql(`create table session.session (
      id text primary key,
      tenant_id text not null,
      app_id text not null,
      user_id text not null,
      channel_type text not null,
      title text,
      status text not null check (status in ('ACTIVE', 'CLOSED')),
      message_seq integer not null,
      created_at timestamptz not null,
      closed_at timestamptz
    ) with (fillfactor = 80)`);
    this.addSql("create index session_list on session.session (tenant_id, id)");
    this.addSql("create index session_of_app on session.session (tenant_id, app_id, id)");
    this.addSql("create index session_of_user on session.session (tenant_id, user_id, id)");

    this.addSql(`create table session.message (
      id text primary key,
      tenant_id text not null,
      session_id text not null references session.session (id),
      seq integer not null,
      role text not null check (role in ('SYSTEM', 'USER', 'ASSISTANT', 'TOOL')),
      content text not null,
      content_json jsonb,
      run_id text,
      created_at timestamptz not null
    )`);
    this.addSql("create unique index message_order on session.message (session_id, seq)");
    this.addSql("create unique index message_of_run on session.message (tenant_id, run_id) where run_id is not null");

    this.addSql(`create table session.run_request (
      id text primary key,
      tenant_id text not null,
      session_id text not null references session.session (id),
      status text not null check (status in ('PENDING', 'DISPATCHED', 'FAILED')),
      app_id text not null,
      app_version_id text,
      workflow_id text not null,
      workflow_version_id text not null,
      input jsonb not null,
      initial_node jsonb,
      execution text not null check (execution in ('WORKERS', 'MANUAL')),
      run_id text,
      error_message text,
      created_at timestamptz not null,
      dispatched_at timestamptz,
      check ((status = 'DISPATCHED') = (run_id is not null))
    )`);
    this.addSql("create index run_request_of_session on session.run_request (session_id, id)");

    for (const table of ["session", "message", "run_request"]) {
      for (const statement of tenantPolicy(`session.${table}`)) this.addSql(statement);
    }
    for (const statement of idempotencyTable("session")) this.addSql(statement);
  }

  override down(): void {
    for (const table of ["idempotency", "run_request", "message", "session"]) this.addSql(`drop table session.${table}`);
  }
}
