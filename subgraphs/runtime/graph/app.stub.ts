import { Directive, Field, ID, ObjectType } from "type-graphql";

/** An app, by its key; this subgraph adds its runs. */
@Directive('@key(fields: "id")')
@ObjectType("App")
export class AppStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}

/** An app version, by its key; the workflow subgraph has the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("AppVersion")
export class AppVersionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
