import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A skill, by its key; this subgraph adds its runs. */
@Directive('@key(fields: "id")')
@ObjectType("Skill")
export class SkillStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}

/** A skill version, by its key; the skill subgraph has the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("SkillVersion")
export class SkillVersionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
