import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A session of the session subgraph, by id. */
@Directive('@key(fields: "id")')
@ObjectType("Session")
export class SessionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
