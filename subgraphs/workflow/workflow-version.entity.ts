import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, Int, ObjectType } from "type-graphql";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { VersionStatus } from "./version-status.ts";

/** One immutable DSL document of a workflow. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One immutable DSL document of a workflow." })
@Entity({ tableName: "workflow_version" })
export class WorkflowVersion {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  workflowId!: string;

  @Field(() => Int, { description: "1, 2, 3, ... in its workflow. A version's content never changes." })
  @Property({ type: "integer" })
  version!: number;

  @Field(() => VersionStatus, { description: "Drafts and published versions run; archived ones start no run." })
  @Enum({ items: () => VersionStatus, type: "text" })
  status!: VersionStatus;

  @Field(() => JsonScalar, { description: "The document: { nodes: [{ id, type, config }], edges: [{ source, target, condition? }] }." })
  @Property({ type: "json", columnType: "json" })
  dsl!: Json;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When it was published last; null: never." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  publishedAt!: Date | null;
}
