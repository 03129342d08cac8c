import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A team, by its key; this subgraph adds its runs. */
@Directive('@key(fields: "id")')
@ObjectType("Team")
export class TeamStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}

/** A team version, by its key; the team subgraph has the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("TeamVersion")
export class TeamVersionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
