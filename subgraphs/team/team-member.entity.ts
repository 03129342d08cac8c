import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Field, ID, ObjectType } from "type-graphql";

/** An agent's place in one version of a team. */
@ObjectType({ description: "An agent's place in one version of a team." })
@Entity({ tableName: "team_member" })
export class TeamMember {
  @PrimaryKey({ type: "text" })
  teamVersionId!: string;

  /** 0, 1, 2, ...: the order in which the members were given, and in which a SEQUENTIAL team works. */
  @PrimaryKey({ type: "integer" })
  position!: number;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, { description: "Unique in its version; names the member in runs." })
  @Property({ type: "text" })
  memberKey!: string;

  @Field(() => ID, { description: "The agent's id, which is there whatever becomes of the agent." })
  @Property({ type: "text" })
  agentId!: string;

  @Field(() => String, { description: "supervisor, planner, executor, ..." })
  @Property({ type: "text" })
  role!: string;

  @Field(() => String, { nullable: true, description: "What the member takes care of; null: nobody said." })
  @Property({ type: "text", nullable: true })
  responsibility!: string | null;
}
