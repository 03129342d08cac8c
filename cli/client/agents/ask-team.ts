/** Asks teams from the terminal, and makes those that stand in files. */
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { cliErrors } from "../../errors.ts";
import { createTeamRun, teamByCode } from "../documents.ts";
import { showRun, type ShowOptions, type ShownRun } from "../follow.ts";
import { makeTeam, readTeamFile } from "./team-file.ts";

/** Where teams are asked, and how their work is shown. */
export interface TeamOptions extends ShowOptions {
  url: string;
  tenant?: string | undefined;
  apiKey?: string | undefined;
  /** Whose memories its members use. */
  userId?: string | undefined;
  isDry?: boolean | undefined;
}

const defaultUser = "terminal";

/** Asks a team once and shows its work. @throws AppError TEAM_CODE_UNKNOWN, those of showRun */
export function askTeam(options: TeamOptions, code: string, text: string): Promise<ShownRun> {
  return withClient(options, async (client) => {
    const { teamByCode: team } = await client.query(teamByCode, { code });
    if (team == null) throw cliErrors.TEAM_CODE_UNKNOWN({ code });
    const input = { teamId: team.id, inputText: text, userId: options.userId ?? defaultUser, dryRun: options.isDry === true };
    const { createTeamRun: made } = await client.mutate(createTeamRun, { input });
    return showRun(client, made!.id, options);
  });
}

/** Makes the team of a file, with its agents, or their next versions. @throws AppError of readTeamFile, and of the graph */
export async function makeTeamOfFile(options: TeamOptions, path: string): Promise<void> {
  const file = await readTeamFile(path);
  const code = await withClient(options, (client) => makeTeam(client, file));
  options.write(
    options.isJson ? `${JSON.stringify({ code })}\n` : `The team ${code} is ready. Ask it: agent-platform teams run ${code} "…"\n`,
  );
}

async function withClient<T>({ url, tenant, apiKey }: TeamOptions, work: (client: GraphClient) => Promise<T>): Promise<T> {
  const client = createClient({ url, tenantId: tenant, apiKey });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
