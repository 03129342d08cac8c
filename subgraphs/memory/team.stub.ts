import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A team of the team subgraph, by id. */
@Directive('@key(fields: "id")')
@ObjectType("Team")
export class TeamStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
