import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A value that tools and providers name in their configs. The value is shown to nobody. */
@Directive('@key(fields: "id")')
@ObjectType({
  description:
    "A value that the configs of tools and model providers name as {{ secrets.NAME }}: put in where the call is made, and only for its origins. It is shown to nobody, not even to who gave it.",
})
@Entity({ tableName: "secret" })
export class Secret {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, { description: "Its name in configs, unique in the tenant. It never changes." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => [String], { description: "Where it may be sent, such as https://api.example.com." })
  @Property({ type: "string[]", columnType: "text[]" })
  origins!: string[];

  /** Sealed for this secret and its origins, under the tenant's key. */
  @Property({ type: "text" })
  sealed!: string;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When its value or its origins were changed last; before any change, when it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;
}
