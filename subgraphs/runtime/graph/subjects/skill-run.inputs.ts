import { Field, ID, InputType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import type { RunExecution } from "../run.enums.ts";
import {
  ClaimSubjectRunInput,
  dryRunField,
  ExecuteSubjectRunInput,
  executionField,
  idempotencyKeyField,
  versionField,
} from "./subject-run.inputs.ts";

/** What a skill is given. */
@InputType({ description: "Which skill is used, and with what." })
export class CreateSkillRunInput {
  @Field(() => ID, { description: "The skill; NOT_FOUND where there is none." })
  skillId!: string;

  @versionField("is used")
  skillVersionId?: string | null;

  @Field(() => JsonObjectScalar, {
    description:
      "What the skill takes: up to 256 KiB. It fits the version's parameterSchema: BAD_USER_INPUT, SKILL_INPUT_INVALID with all problems. A FOLDER takes { path } of a file to read, or { path, input } of a script to run.",
  })
  input!: JsonObject;

  @idempotencyKeyField()
  idempotencyKey?: string | null;

  @executionField("executeSkillRun")
  execution?: RunExecution | null;

  @dryRunField()
  dryRun?: boolean | null;
}

/** How a skill run is executed. */
@InputType({ description: "How a skill run is executed." })
export class ExecuteSkillRunInput extends ExecuteSubjectRunInput {
  @dryRunField("without calling a model or a tool; CONFLICT, SKILL_RUN_BEGUN where it has begun.")
  dryRun?: boolean | null;
}

/** Which skill run is executed, and by whom. */
@InputType({ description: "By whom the next skill run is executed." })
export class ClaimSkillRunInput extends ClaimSubjectRunInput {}
