import { defineErrors } from "#shared/errors.ts";
import { excerpt } from "#shared/fields.ts";
import { problemsShown } from "#shared/json/form.ts";

const quotaWords: Readonly<Record<string, string>> = {
  queuedRuns: "runs that wait",
  runningRuns: "runs that are executed",
  runsPerHour: "runs within an hour",
  storageMib: "MiB of artifacts",
};

/** Who calls a tool: one of them is there. */
interface ToolCaller {
  nodeId?: string;
  agentVersionId?: string;
  skillCode?: string;
}

function callerOf({ nodeId, agentVersionId, skillCode }: ToolCaller): string {
  if (agentVersionId !== undefined) return `agent version ${agentVersionId}`;
  return skillCode === undefined ? `the node ${nodeId ?? ""}` : `the skill ${skillCode}`;
}

/** Everything that the runtime subgraph refuses, and why. */
export const runtimeErrors = defineErrors({
  RUN_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No run ${f.id}.` },
  NODE_RUN_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No node run ${f.id}.` },
  RUN_FINISHED: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) =>
      `Run ${f.id} is ${f.status}, and a finished run never changes. retryRun makes a new run of a FAILED one.`,
  },
  RUN_NOT_FINISHED: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) => `Run ${f.id} is ${f.status}; only finished runs are deleted. cancelRun ends it first.`,
  },
  RUN_NOT_TOLD: {
    code: "CONFLICT",
    message: (f: { id: string; retryAfterMs: number }) =>
      `Run ${f.id} has ended, and the run that waits for it has not been told yet, which takes a moment. Try again.`,
  },
  RUN_NOT_FAILED: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) => `Run ${f.id} is ${f.status}; only FAILED runs are retried. createRun starts a new one.`,
  },
  RUN_NOT_MANUAL: {
    code: "CONFLICT",
    message: (f: { id: string }) =>
      `Workers execute run ${f.id}; its status is theirs to set. Create it with execution MANUAL, or use cancelRun.`,
  },
  RUN_OWNED: {
    code: "CONFLICT",
    message: (f: { id: string }) =>
      `A worker owns run ${f.id}. Try again when it rests, or create runs to execute by hand with execution MANUAL.`,
  },
  RUN_IN_LINE: {
    code: "CONFLICT",
    message: (f: { id: string }) =>
      `Run ${f.id} waits for others of its concurrency key, of which as many are executed as its document allows. Try again when one has ended, or end one by cancelRun.`,
  },
  CONCURRENCY_KEY_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { expression: string; found: string }) =>
      `The document's concurrency.key (${f.expression}) gives ${f.found}; a key is a text, a number, true, false or null. Name a field of the input that is one.`,
  },
  NODE_RUN_NOT_QUEUED: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) => `Node run ${f.id} is ${f.status}; only QUEUED ones can be executed.`,
  },
  NODE_RUN_NOT_WAITING: {
    code: "CONFLICT",
    message: (f: { id: string; status: string; waitReason: string | null; answeredBy: string | null; answeredAt: string | null }) =>
      f.answeredBy !== null
        ? `Node run ${f.id} was answered by ${f.answeredBy} at ${f.answeredAt}; the first answer counts.`
        : f.waitReason === "RETRY"
          ? `Node run ${f.id} waits for its next attempt, which comes by itself; only what waits for an answer can be resumed.`
          : f.waitReason === "CHILD"
            ? `Node run ${f.id} waits for the run that it has made (childRun); only what waits for an answer can be resumed. cancelRun ends that run.`
            : `Node run ${f.id} is ${f.status}, or was answered already; only WAITING ones can be resumed.`,
  },
  NODE_RUN_NOT_SETTABLE: {
    code: "CONFLICT",
    message: (f: { id: string; from: string; to: string; waitReason: string | null }) =>
      f.waitReason === "RETRY"
        ? `Node run ${f.id} waits for its next attempt, which comes by itself; it cannot be set to ${f.to} before. cancelRun ends its run.`
        : f.waitReason === "CHILD"
          ? `Node run ${f.id} waits for the run that it has made (childRun), which ends it; it cannot be set to ${f.to}. cancelRun ends that run.`
          : f.waitReason === "APPROVAL"
            ? `Node run ${f.id} waits for a person who approves its call or rejects it; it cannot be set to ${f.to}. Give resumeNodeRun a decision, or end its run with cancelRun.`
            : `Node run ${f.id} is ${f.from} and cannot be set to ${f.to}. Outside executors may set WAITING node runs, and open ones of MANUAL runs.`,
  },
  STATUS_NOT_SETTABLE: {
    code: "BAD_USER_INPUT",
    message: (f: { status: string; settable: string[] }) =>
      `${f.status} cannot be set; only the engine makes something ${f.status}. Set one of ${f.settable.join(", ")}.`,
  },
  DECISION_NOT_ASKED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; waitReason: string }) =>
      `${f.field} was given, and node run ${f.id} waits for ${f.waitReason}, not for an approval. Answer with outputText, outputJson or action.`,
  },
  DECISION_MISSING: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string }) => `Node run ${f.id} waits for an approval of a call. Give decision: APPROVE or REJECT.`,
  },
  OUTPUT_NOT_ASKED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; next: string }) => `${f.field} was given, and node run ${f.id} asks for none. ${f.next}`,
  },
  ACTION_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; action: string | null; actions: string[] }) =>
      f.action === null
        ? `Node run ${f.id} asks which action is taken. Give action: one of ${f.actions.join(", ")}.`
        : f.actions.length === 0
          ? `action is ${JSON.stringify(f.action)}, and node run ${f.id} has no actions. Leave it out.`
          : `action is ${JSON.stringify(f.action)}, which node run ${f.id} does not have. Give one of ${f.actions.join(", ")}.`,
  },
  ANSWER_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; problems: { field: string; message: string }[] }) =>
      `${f.field} does not fit what node run ${f.id} asks: ${problemsShown(f.problems)} All problems are in problems; correct them and answer again.`,
  },
  INPUT_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; problems: { field: string; message: string }[] }) =>
      `${f.field} does not fit the input_schema of workflow version ${f.id}: ${problemsShown(f.problems)} All problems are in problems; WorkflowVersion.inputSchema says what is asked.`,
  },
  MOCK_PATH_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; path: string; problem: string }) => `${f.field} has the path ${JSON.stringify(f.path)}: ${f.problem}.`,
  },
  MOCK_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; path: string; value: string; problem: string }) =>
      `The mock of ${f.path} in ${f.field} ${f.problem}. It is ${f.value}.`,
  },
  MOCKS_TOO_MANY: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; found: number; limit: number }) => `${f.field} has ${f.found} paths; at most ${f.limit} are allowed.`,
  },
  EXECUTED_NODE_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; nodeId: string; meant: string | null }) =>
      `${f.field} is ${f.nodeId}, and the version's own graph has no such node; ${f.meant === null ? "one within another node is executed with it" : `did you mean ${f.meant}`}.`,
  },
  EXECUTED_NODE_MOCKED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; nodeId: string }) =>
      `${f.field} has an output of ${f.nodeId}, which is the node that is to be executed. Leave it out.`,
  },
  FORK_NODE_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; nodeId: string; id: string; meant: string | null }) =>
      `${f.field} is ${f.nodeId}, and run ${f.id} has no such node; ${f.meant === null ? "nodeRuns lists those that it has" : `did you mean ${f.meant}`}.`,
  },
  FORK_NODE_NESTED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; nodeId: string; around: string }) =>
      `${f.field} is ${f.nodeId}, which is part of the work of ${f.around}. A new run begins that anew as a whole: give ${f.around}.`,
  },
  FORK_NODE_NOT_RUN: {
    code: "CONFLICT",
    message: (f: { nodeId: string; id: string; status: string }) =>
      f.status === "SKIPPED"
        ? `Node ${f.nodeId} of run ${f.id} was skipped, and would be again. Fork from the node that decided so.`
        : `Node ${f.nodeId} of run ${f.id} has not run, so there is nothing before it to keep. Fork from a node that has run.`,
  },
  FORK_INCOMPATIBLE: {
    code: "CONFLICT",
    message: (f: { nodeId: string; workflowVersionId: string; problems: { nodeId: string; message: string }[] }) =>
      `Version ${f.workflowVersionId} is another before ${f.nodeId}: ${f.problems.map(({ nodeId, message }) => `${nodeId}: ${message}`).join(" ")} ` +
      `Fork from ${f.problems[0]?.nodeId ?? "there"} or earlier, or on the run's own version.`,
  },
  FORK_MOCKS_MISFIT: {
    code: "CONFLICT",
    message: (f: { field: string; id: string; problems: { path: string; message: string }[] }) =>
      `The version does not take mocks that run ${f.id} has: ${problemsShown(f.problems.map(({ path, message }) => ({ field: excerpt(path), message })))} All are in problems; give their paths in ${f.field}, and the fork is made without them.`,
  },
  FORK_MOCK_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; path: string; id: string; meant: string | null; known: string[] }) =>
      `${f.field} has ${f.path}, and run ${f.id} has no mock of that path; ${f.meant !== null ? `did you mean ${f.meant}` : f.known.length === 0 ? "it has none at all: leave it out" : `it has those of ${f.known.join(", ")}`}.`,
  },
  FORK_MOCKS_FROZEN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string }) =>
      `${f.field} is for a fork on another version; on its own the mocks of run ${f.id} are frozen with it. Give workflowVersionId, or createRun makes a run without them.`,
  },
  FORK_VERSION_OF_AGENT: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string }) =>
      `${f.field} was given, and run ${f.id} is an agent's, which executes no workflow. Leave it out.`,
  },
  RUN_NOT_FORKABLE: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) =>
      `Run ${f.id} is ${f.status}; only finished runs are forked. Wait for its end, or cancelRun ends it.`,
  },
  INPUT_CHECK_TOO_SLOW: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { field: string; id: string }) =>
      `Checking ${f.field} by the input_schema of workflow version ${f.id} takes too long. Give less, or let the schema be simpler.`,
  },
  ANSWER_TOO_SLOW: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { field: string; id: string }) =>
      `Checking ${f.field} by the schema that node run ${f.id} has takes too long. Give less, or let the schema be simpler.`,
  },
  LINK_SCOPE_MISSING: {
    code: "FORBIDDEN",
    message: (f: { field: string; scope: string }) =>
      `The API key may not do ${f.field}: whoever has a link may answer. It needs the scope ${f.scope}.`,
  },
  ROUTE_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; nodeId: string; route: string; routes: string[] }) =>
      `${f.field} is ${JSON.stringify(f.route)}, which no edge out of node ${f.nodeId} has. Give one of ${f.routes.map((route) => JSON.stringify(route)).join(", ")}, as text.`,
  },
  WORKFLOW_NOT_GIVEN: {
    code: "BAD_USER_INPUT",
    message: (_: { field: string }) => "Give workflowVersionId, or workflowId for its published version.",
  },
  WORKFLOW_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { id: string; isVersion: boolean }) =>
      `No workflow ${f.id}.${f.isVersion ? " That is a workflow version: give workflowVersionId." : ""}`,
  },
  WORKFLOW_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No workflow version ${f.id}.` },
  WORKFLOW_VERSION_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Workflow version ${f.id} is archived and starts no run. Publish or name another version.`,
  },
  WORKFLOW_VERSION_NOT_PUBLISHED: {
    code: "CONFLICT",
    message: (f: { workflowId: string }) => `Workflow ${f.workflowId} has no published version. Publish one, or give workflowVersionId.`,
  },
  WORKFLOW_VERSION_OF_OTHER_WORKFLOW: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; workflowId: string }) =>
      `${f.field} ${f.id} does not belong to workflowId ${f.workflowId}. Give one of the two only.`,
  },
  WORKFLOW_OF_OTHER_APP: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; workflowId: string; appId: string }) =>
      `Workflow ${f.workflowId} does not belong to ${f.field} ${f.appId}. Leave appId out, or give the workflow's own.`,
  },
  APP_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No app ${f.id}.` },
  APP_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No app version ${f.id}.` },
  SESSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No session ${f.id}.` },
  SESSION_CLOSED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Session ${f.id} is closed and starts no runs. Create a new one, or leave sessionId out.`,
  },
  TOOL_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { id: string } & ToolCaller) => `No tool ${f.id}, which ${callerOf(f)} calls.`,
  },
  TOOL_BINDING_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { id: string } & ToolCaller) => `No tool binding ${f.id}, which ${callerOf(f)} calls.`,
  },
  TOOL_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string } & ToolCaller) =>
      `Tool ${f.id}, which ${callerOf(f)} calls, is archived. Set its status to ACTIVE with updateTool, or let it call another.`,
  },
  TOOL_VERSION_MISSING: {
    code: "CONFLICT",
    message: (f: { id: string } & ToolCaller) => `Tool ${f.id}, which ${callerOf(f)} calls, has no version. Create one.`,
  },
  AGENT_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No agent ${f.id}.` },
  AGENT_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No agent version ${f.id}.` },
  AGENT_VERSION_NOT_PUBLISHED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Agent ${f.id} has no published version. Publish one, or name a version.`,
  },
  AGENT_VERSION_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Agent version ${f.id} is archived and starts no run. Publish or name another version.`,
  },
  AGENT_VERSION_OF_OTHER_AGENT: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; agentId: string }) =>
      `${f.field} ${f.id} is no version of the agent ${f.agentId}. Name a version of it, or leave one of the two out.`,
  },
  AGENT_MODEL_CONFIG_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; value: string; problem: string }) =>
      `${f.field} of agent version ${f.id} is ${f.value}: ${f.problem}. Create a version that has another value.`,
  },
  TEAM_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No team ${f.id}.` },
  TEAM_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No team version ${f.id}.` },
  TEAM_VERSION_NOT_PUBLISHED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Team ${f.id} has no published version. Publish one, or name a version.`,
  },
  TEAM_VERSION_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Team version ${f.id} is archived and starts no run. Publish or name another version.`,
  },
  TEAM_VERSION_OF_OTHER_TEAM: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; teamId: string }) =>
      `${f.field} ${f.id} is no version of the team ${f.teamId}. Name a version of it, or leave one of the two out.`,
  },
  TEAM_MEMBER_DELETED: {
    code: "CONFLICT",
    message: (f: { memberKey: string; agentId: string; versionId: string }) =>
      `The member ${f.memberKey} of team version ${f.versionId} is the agent ${f.agentId}, which was deleted. Create a version of the team without it.`,
  },
  TEAM_MEMBER_NOT_PUBLISHED: {
    code: "CONFLICT",
    message: (f: { memberKey: string; agentId: string; versionId: string }) =>
      `The member ${f.memberKey} of team version ${f.versionId} is the agent ${f.agentId}, which has no published version. Publish one with publishAgentVersion.`,
  },
  TEAM_MEMBER_TOOLS: {
    code: "CONFLICT",
    message: (f: { memberKey: string; agentId: string; versionId: string; tools: number; most: number; functionName: string }) =>
      `The member ${f.memberKey} of team version ${f.versionId} is the agent ${f.agentId}, whose ${f.tools} tools leave no room for ${f.functionName}, which its model needs in the team: a model is offered ${f.most} functions at most. Publish a version of the agent with fewer tools.`,
  },
  TEAM_RUN_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No team run ${f.id}.` },
  TEAM_RUN_BEGUN: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) =>
      `Team run ${f.id} is ${f.status}: what has begun cannot become a dry run. Create one with dryRun, or with execution MANUAL, which waits for executeTeamRun.`,
  },
  SKILL_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No skill ${f.id}.` },
  SKILL_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string }) =>
      `Skill ${f.id} is archived and starts no run. Set its status to ACTIVE with updateSkill, or name another.`,
  },
  SKILL_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No skill version ${f.id}.` },
  SKILL_VERSION_NOT_PUBLISHED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Skill ${f.id} has no published version. Publish one, or name a version.`,
  },
  SKILL_VERSION_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Skill version ${f.id} is archived and starts no run. Publish or name another version.`,
  },
  SKILL_VERSION_OF_OTHER_SKILL: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; skillId: string }) =>
      `${f.field} ${f.id} is no version of the skill ${f.skillId}. Name a version of it, or leave one of the two out.`,
  },
  SKILL_INPUT_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; problems: { field: string; message: string }[] }) =>
      `${f.field} does not fit the parameterSchema of skill version ${f.id}: ${problemsShown(f.problems)} All problems are in problems; SkillVersion.parameterSchema says what is asked.`,
  },
  SKILL_INPUT_CHECK_TOO_SLOW: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { field: string; id: string }) =>
      `Checking ${f.field} by the parameterSchema of skill version ${f.id} takes too long. Give less, or let the schema be simpler.`,
  },
  SKILL_RUN_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No skill run ${f.id}.` },
  SKILL_RUN_BEGUN: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) =>
      `Skill run ${f.id} is ${f.status}: what has begun cannot become a dry run. Create one with dryRun, or with execution MANUAL, which waits for executeSkillRun.`,
  },
  AGENT_RUN_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No agent run ${f.id}.` },
  AGENT_NOT_WORKING: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) =>
      `No agent works at ${f.id}, and its run is ${f.status}. Only an agent that has begun and not finished can be told something; createAgentRun asks anew.`,
  },
  TEAM_NOT_LED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; mode: string }) =>
      `The team at ${f.id} is ${f.mode} and has no supervisor, who alone is told something. Name the node run of a member at work as ${f.field}.`,
  },
  AGENT_PART_NOT_SKIPPABLE: {
    code: "CONFLICT",
    message: (f: { id: string }) =>
      `Node run ${f.id} is part of the work of an agent or a team, which cannot go on without its outcome. Set it to COMPLETED or FAILED, or cancel the run.`,
  },
  AGENT_MESSAGE_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; problem: string }) =>
      `${f.field} is no part of a model's answer: ${f.problem}. An answer is outputText, or outputJson { tool_calls: [{ id, name, arguments }] }, or both.`,
  },
  AGENT_RUN_BEGUN: {
    code: "CONFLICT",
    message: (f: { id: string; status: string }) =>
      `Agent run ${f.id} is ${f.status}: what has begun cannot become a dry run. Create one with dryRun, or with execution MANUAL, which waits for executeAgentRun.`,
  },
  SUB_WORKFLOW_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { id: string; nodeId: string; isVersion: boolean }) =>
      `No workflow${f.isVersion ? " version" : ""} ${f.id}, which the node ${f.nodeId} runs as its sub-workflow.`,
  },
  SUB_WORKFLOW_NOT_PUBLISHED: {
    code: "CONFLICT",
    message: (f: { id: string; nodeId: string }) =>
      `Workflow ${f.id}, which the node ${f.nodeId} runs as its sub-workflow, has no published version. Publish one, or give the node workflow_version_id.`,
  },
  SUB_WORKFLOW_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string; nodeId: string }) =>
      `Workflow version ${f.id}, which the node ${f.nodeId} runs as its sub-workflow, is archived. Name another version.`,
  },
  SUB_WORKFLOW_CYCLE: {
    code: "BAD_USER_INPUT",
    message: (f: { workflowIds: string[]; nodeId: string }) =>
      `Workflows are part of each other in a circle: ${f.workflowIds.join(" → ")}. Let the node ${f.nodeId}, which closes it, run another workflow.`,
  },
  SUB_WORKFLOW_TOO_DEEP: {
    code: "BAD_USER_INPUT",
    message: (f: { nodeId: string; limit: number }) =>
      `There may be ${f.limit} sub-workflows within each other, and the node ${f.nodeId} runs one more. Let one of those around it do its work itself.`,
  },
  PLAN_TOO_LARGE: {
    code: "BAD_USER_INPUT",
    message: (f: { of: "bytes" | "sub-workflows"; found: number; limit: number }) =>
      `The document with its sub-workflows has ${f.found} ${f.of} and may have ${f.limit}. Split the work into several runs.`,
  },
  PLAN_TOO_DEEP: {
    code: "BAD_USER_INPUT",
    message: (f: { path: string; found: number; limit: number }) =>
      `With its sub-workflows and teams the document has ${f.found} graphs within each other and may have ${f.limit}, at ${f.path}. Put less into each other.`,
  },
  PATH_TOO_LONG: {
    code: "BAD_USER_INPUT",
    message: (f: { path: string; found: number; limit: number }) =>
      `With its sub-workflows and teams a path of the document has up to ${f.found} bytes and may have ${f.limit}, at ${f.path}. Give these nodes shorter ids.`,
  },
  PARALLEL_TOO_LARGE: {
    code: "BAD_USER_INPUT",
    message: (f: { path: string; found: number; limit: number }) =>
      `With its sub-workflows and teams the document works on ${f.found} items side by side and may on ${f.limit}, at ${f.path}. Give one of these a smaller parallel.`,
  },
  PLAN_INVALID: { code: "BAD_USER_INPUT", message: (f: { problem: string }) => `The document cannot be run: ${f.problem}.` },
  INITIAL_NODE_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { nodeId: string }) => `The DSL has no node ${f.nodeId} to begin with. Give the id of one of its nodes.`,
  },
  INITIAL_NODE_TYPE_DIFFERS: {
    code: "BAD_USER_INPUT",
    message: (f: { nodeId: string; given: string; type: string }) =>
      `Node ${f.nodeId} is of type ${f.type}, not ${f.given}. Correct nodeType, or leave it out.`,
  },
  RUNS_NOT_NAMED: {
    code: "BAD_USER_INPUT",
    message: (_: { field: string }) =>
      "The filter has no condition. Say which runs, or all: true for all of the tenant's that can be meant.",
  },
  RUNS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { id: string; retryAfterMs: number }) =>
      `Runs that are executed by calls hold as much as they may together, and run ${f.id} has more than is left. Try again in ${f.retryAfterMs} ms, or leave it to the workers (execution WORKERS).`,
  },
  FORKS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { retryAfterMs: number }) => `Too many runs are being made of other ones. Try again in ${f.retryAfterMs} ms.`,
  },
  REPORTS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { id: string; retryAfterMs: number }) =>
      `Others report on run ${f.id} at this moment. Nothing was done. Try again in ${f.retryAfterMs} ms.`,
  },
  CANCELS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (_: { retryAfterMs: number }) => "Too many calls of cancelRuns are under way. Make one after the other.",
  },
  DELETES_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (_: { retryAfterMs: number }) => "Too many calls of deleteRuns are under way. Make one after the other.",
  },
  QUOTA_EXCEEDED: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { quota: string; limit: number; used: number; retryAfterMs: number }) =>
      `The tenant has ${f.used} of ${f.limit} ${quotaWords[f.quota] ?? f.quota}. ${f.quota === "storageMib" ? "Delete runs (deleteRuns), or" : `Try again in ${f.retryAfterMs} ms, or`} ask the operator for a larger quota.`,
  },
  NUMBER_OUT_OF_RANGE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: number; min: number; max: number }) => `${f.field} is ${f.value}; give ${f.min} to ${f.max}.`,
  },
  SCHEDULE_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No schedule ${f.id}.` },
  SCHEDULES_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) => `The tenant has ${f.limit} schedules, as many as it may have. Delete one first.`,
  },
  CRON_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; problem: string }) =>
      `${f.field} is ${JSON.stringify(f.value)}: ${f.problem}. Give five fields (minute, hour, day, month, day of the week), such as 30 6 * * 1-5; nothing comes more often than each minute.`,
  },
  CRON_NEVER: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) =>
      `${f.field} is ${JSON.stringify(f.value)}, which never comes. Give days that the calendar has.`,
  },
  ZONE_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) =>
      `${f.field} is ${JSON.stringify(f.value)}, which is no zone. Give one of IANA's, such as Europe/Berlin or UTC.`,
  },
  WEBHOOK_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No webhook ${f.id}.` },
  WEBHOOKS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) => `The tenant has ${f.limit} webhooks, as many as it may have. Delete one first.`,
  },
  WEBHOOK_UNSIGNED: {
    code: "CONFLICT",
    message: (f: { id: string }) =>
      `Webhook ${f.id} checks no signature, so it has no secret. Create another with a signature, and delete this one.`,
  },
  HEADER_NAME_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) =>
      `${f.field} is ${JSON.stringify(f.value)}, which is no name of a header. Give one such as x-github-event.`,
  },
  HEADER_IS_CREDENTIAL: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) =>
      `${f.field} has ${f.value}, which carries a credential: it would stand in the run's input, where whoever reads the run sees it. Leave it out.`,
  },
  SIGNED_TEXT_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) =>
      `${f.field} is ${JSON.stringify(f.value)}. It has {body} once, and may have {timestamp} and {id}, such as {timestamp}.{body}.`,
  },
  SIGNED_ID_MISSING: {
    code: "BAD_USER_INPUT",
    message: (_: { field: string }) => "signature.signedText has {id}, and the webhook has no deliveryHeader. Say which header has the id.",
  },
  TOLERANCE_WITHOUT_TIME: {
    code: "BAD_USER_INPUT",
    message: (_: { field: string }) =>
      "signature.toleranceSeconds was given, and signedText has no {timestamp}: a time that is not signed is anybody's. Leave it out, or sign the time.",
  },
  WEBHOOK_SIGNATURE_MISSING: {
    code: "UNAUTHENTICATED",
    message: (f: { header: string }) => `The header ${f.header} is missing, or has no signature in it. Sign what is sent.`,
  },
  WEBHOOK_SIGNATURE_WRONG: {
    code: "UNAUTHENTICATED",
    message: (f: { header: string }) =>
      `The signature in ${f.header} is not that of what was sent. Sign the bytes of the body with the webhook's secret.`,
  },
  WEBHOOK_SIGNATURE_LATE: {
    code: "UNAUTHENTICATED",
    message: (f: { header: string; toleranceSeconds: number }) =>
      `What was sent was signed more than ${f.toleranceSeconds} s ago, or by a clock that is wrong. Sign it anew.`,
  },
  WEBHOOK_BODY_HAS_TOO_MUCH: {
    code: "BAD_USER_INPUT",
    message: (f: { problem: string }) => `The body ${f.problem}. Send less at once, or as text.`,
  },
  SECRET_WITHOUT_SIGNATURE: {
    code: "BAD_USER_INPUT",
    message: (_: { field: string }) =>
      "secret was given, and signature was not: nothing would be checked by it. Say in signature how calls are signed, or leave it out.",
  },
  CALLBACK_BODY_NOT_JSON: {
    code: "BAD_USER_INPUT",
    message: (f: { contentType: string }) =>
      `The body is called ${f.contentType}, and is no JSON. Nothing was taken: correct it, or its content-type, and send it again.`,
  },
  CALLBACK_BODY_HAS_TOO_MUCH: {
    code: "BAD_USER_INPUT",
    message: (f: { problem: string }) => `The body ${f.problem}. Nothing was taken: send less at once, or as text.`,
  },
  WEBHOOK_BODY_NOT_JSON: {
    code: "BAD_USER_INPUT",
    message: (f: { contentType: string }) => `The body is called ${f.contentType}, and is no JSON. Correct it, or its content-type.`,
  },
});
