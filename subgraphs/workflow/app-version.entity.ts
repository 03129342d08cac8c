import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, Int, ObjectType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { VersionStatus } from "./version-status.ts";

/** What an app offers to its users at a time: a workflow version with a configuration. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One immutable state of an app: the workflow version that it runs, and its configuration." })
@Entity({ tableName: "app_version" })
export class AppVersion {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  appId!: string;

  @Property({ type: "text" })
  workflowVersionId!: string;

  @Field(() => Int, { description: "1, 2, 3, ... in its app. A version's content never changes." })
  @Property({ type: "integer" })
  version!: number;

  @Field(() => VersionStatus, { description: "The app's published version is the one that was published last." })
  @Enum({ items: () => VersionStatus, type: "text" })
  status!: VersionStatus;

  @Field(() => JsonObjectScalar, { description: "Settings for the app's clients; the platform does not read them." })
  @Property({ type: "json", columnType: "json" })
  config!: JsonObject;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When it was published last; null: never." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  publishedAt!: Date | null;
}
