import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A session, by its key; this subgraph adds its runs. */
@Directive('@key(fields: "id")')
@ObjectType("Session")
export class SessionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
