import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A session, by its key; this subgraph adds its runs. */
@Directive('@key(fields: "id")')
@ObjectType("Session", { description: "A session; the session subgraph owns it." })
export class SessionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
