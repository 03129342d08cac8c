import { Field, ID, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { CoordinationMode } from "./coordination-mode.ts";
import { TeamVersionStatus } from "./team-version.entity.ts";

/** An agent's place in a team. */
@InputType({ description: "An agent's place in a team." })
export class TeamMemberInput {
  @Field(() => String, {
    description: "Unique in the version: 1 to 64 letters, digits, '_' or '-'; not model, tool, input, compact, memory or member.",
  })
  memberKey!: string;

  @Field(() => ID, {
    description: "The agent. NOT_FOUND says which one is not there (field and id); one that is deleted later stays, with its deletedAt.",
  })
  agentId!: string;

  @Field(() => String, { description: "supervisor, planner, executor, ...: 1 to 200 characters." })
  role!: string;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "What the member takes care of: up to 5,000 characters." })
  responsibility?: string | null;
}

/** A new version of a team, never changed again. */
@InputType({ description: "A new version of a team; it is never changed again." })
export class CreateTeamVersionInput {
  @Field(() => ID, { description: "The team." })
  teamId!: string;

  @Field(() => TeamVersionStatus, { defaultValue: TeamVersionStatus.DRAFT, nullable: true, description: "DRAFT or PUBLISHED." })
  status?: TeamVersionStatus | null;

  @Field(() => CoordinationMode, { description: "SUPERVISOR needs exactly one member with the role supervisor." })
  coordinationMode!: CoordinationMode;

  @OwnLimit()
  @Field(() => String, { description: "What the team is there for: 1 to 10,000 characters." })
  objective!: string;

  @Field(() => [TeamMemberInput], { description: "1 to 50 members, in the order in which a SEQUENTIAL team works." })
  members!: TeamMemberInput[];

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "Settings of the coordination mode; {} unless given. At most 64 KiB. max_rounds, max_turns (model calls of all together, 100), max_total_tokens, and of ROUND_ROBIN judge, a memberKey; other keys are yours.",
  })
  config?: JsonObject | null;
}
