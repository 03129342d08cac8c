import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType, registerEnumType } from "type-graphql";

/** Whether a key is accepted. */
export enum ApiKeyStatus {
  ACTIVE = "ACTIVE",
  DISABLED = "DISABLED",
  REVOKED = "REVOKED",
}
registerEnumType(ApiKeyStatus, {
  name: "ApiKeyStatus",
  description: "Whether a key is accepted.",
  valuesConfig: {
    ACTIVE: { description: "It is, until it expires." },
    DISABLED: { description: "It is not, until it is made ACTIVE again." },
    REVOKED: { description: "It is not, and never will be again." },
  },
});

/** A key of a tenant; the key itself is not kept. Its hash is no column of the entity: only key.sql.ts reads it. */
@Directive('@key(fields: "id")')
@ObjectType({
  description:
    "A key that programs send as x-api-key. It is bound to one tenant; the key itself is shown when it is made, and never again.",
})
@Entity({ tableName: "api_key" })
export class ApiKey {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, { description: "For people." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => String, { description: "The first characters of the key, to tell keys apart." })
  @Property({ type: "text" })
  prefix!: string;

  @Field(() => ApiKeyStatus, { description: "Whether it is accepted." })
  @Enum({ items: () => ApiKeyStatus, type: "text" })
  status!: ApiKeyStatus;

  /** Null: all that its tenant has, those of later versions too. */
  @Property({ type: "string[]", columnType: "text[]", nullable: true })
  scopes!: string[] | null;

  @Property({ type: "boolean" })
  isAdmin!: boolean;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "From then on it is not accepted; null: it does not expire." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  expiresAt!: Date | null;

  @Field(() => Date, {
    nullable: true,
    description: "When it was accepted last, some seconds late: it is not written with each request. null: never.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  lastUsedAt!: Date | null;

  /** The id of the key that replaces it; null: it was not rotated. */
  @Property({ type: "text", nullable: true })
  replacedBy!: string | null;
}
