import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";

/** For whom else than itself an agent works: skills may be installed for them. */
export interface AgentPlaces {
  teamId?: string | null | undefined;
  appId?: string | null | undefined;
  userId?: string | null | undefined;
}

/** Who freezes agents, teams and skills into a run. */
export interface AgentQuestion {
  call: SubgraphCaller;
  info: RequestInfo;
  /** Of the run. */
  places?: AgentPlaces;
}
