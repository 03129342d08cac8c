/** Uses skills from the terminal. */
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { GraphqlRequestError } from "#codegen/client/errors.ts";
import type { CreateSkillRunInput } from "#codegen/graph/graphql.ts";
import type { FieldProblem } from "#shared/json/form-answers.ts";
import type { Json } from "#shared/json.ts";
import { cliErrors } from "../../errors.ts";
import { createSkillRun, skillByCode } from "../documents.ts";
import { showRun, type ShowOptions, type ShownRun } from "../follow.ts";
import { schemaShape } from "../input-shape.ts";
import { readInput } from "../workflow-file.ts";

/** Where skills are used, with what, and how that is shown. */
export interface UseOptions extends ShowOptions {
  url: string;
  tenant?: string | undefined;
  apiKey?: string | undefined;
  /** JSON, `@file`, or `-` for stdin; nothing unless given. */
  input?: string | undefined;
  isDry?: boolean | undefined;
}

/** Uses a skill once and shows its run. @throws AppError SKILL_CODE_UNKNOWN, INPUT_INVALID, those of readInput and showRun */
export async function useSkill(options: UseOptions, code: string): Promise<ShownRun> {
  const input = options.input === undefined ? {} : await readInput(options.input);
  const client = createClient({ url: options.url, tenantId: options.tenant, apiKey: options.apiKey });
  try {
    const { skillByCode: skill } = await client.query(skillByCode, { code });
    if (skill == null) throw cliErrors.SKILL_CODE_UNKNOWN({ code });
    const asked = { skillId: skill.id, input, dryRun: options.isDry === true };
    return await showRun(client, await created(client, asked, skill.publishedVersion?.parameterSchema), options);
  } finally {
    await client.close();
  }
}

/** The run's id. A refusal of the input is told with what the skill takes. @throws AppError INPUT_INVALID */
async function created(client: GraphClient, input: CreateSkillRunInput, schema: unknown): Promise<string> {
  try {
    return (await client.mutate(createSkillRun, { input })).createSkillRun!.id;
  } catch (cause) {
    const { reason, problems } = (cause instanceof GraphqlRequestError && cause.errors[0]?.extensions) || {};
    if (reason !== "SKILL_INPUT_INVALID" || !Array.isArray(problems)) throw cause;
    const by = { what: "skill", schema: "parameterSchema" } as const;
    throw cliErrors.INPUT_INVALID({ ...by, problems: problems as FieldProblem[], takes: schemaShape(schema as Json) }, { cause });
  }
}
