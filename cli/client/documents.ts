/** What the commands ask of the graph. */
import { graphql } from "#codegen/graph/gql.ts";

export const appByCode = graphql(`
  query CliAppByCode($code: String!) {
    appByCode(code: $code) {
      id
    }
  }
`);

export const createApp = graphql(`
  mutation CliCreateApp($input: CreateAppInput!) {
    createApp(input: $input) {
      id
    }
  }
`);

export const workflowByCode = graphql(`
  query CliWorkflowByCode($appId: ID!, $code: String!) {
    workflowByCode(appId: $appId, code: $code) {
      id
      latestVersion {
        id
        dsl
      }
    }
  }
`);

export const createWorkflow = graphql(`
  mutation CliCreateWorkflow($input: CreateWorkflowInput!) {
    createWorkflow(input: $input) {
      id
    }
  }
`);

export const createWorkflowVersion = graphql(`
  mutation CliCreateWorkflowVersion($input: CreateWorkflowVersionInput!) {
    createWorkflowVersion(input: $input) {
      id
    }
  }
`);

export const createRun = graphql(`
  mutation CliCreateRun($input: CreateRunInput!) {
    createRun(input: $input) {
      id
    }
  }
`);

export const executeRun = graphql(`
  mutation CliExecuteRun($id: ID!, $input: ExecuteRunInput!) {
    executeRun(id: $id, input: $input) {
      stopReason
    }
  }
`);

export const cancelRun = graphql(`
  mutation CliCancelRun($id: ID!, $reason: String) {
    cancelRun(id: $id, reason: $reason) {
      id
    }
  }
`);

export const testedRun = graphql(`
  query CliTestedRun($id: ID!, $first: Int!, $after: String) {
    run(id: $id) {
      status
      outputText
      outputJson
      state
      errorCode
      errorMessage
      handledErrors
      nodeRuns(first: $first, after: $after) {
        nodes {
          path
          nodeType
          status
          isMocked
          childRun {
            id
          }
          outputText
          outputJson
          errorCode
          errorMessage
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export const agentByCode = graphql(`
  query CliAgentByCode($code: String!) {
    agentByCode(code: $code) {
      id
    }
  }
`);

export const createAgent = graphql(`
  mutation CliCreateAgent($input: CreateAgentInput!) {
    createAgent(input: $input) {
      id
    }
  }
`);

export const createAgentVersion = graphql(`
  mutation CliCreateAgentVersion($input: CreateAgentVersionInput!) {
    createAgentVersion(input: $input) {
      id
    }
  }
`);

export const skillByCode = graphql(`
  query CliSkillByCode($code: String!) {
    skillByCode(code: $code) {
      id
      publishedVersion {
        parameterSchema
      }
    }
  }
`);

export const createSkill = graphql(`
  mutation CliCreateSkill($input: CreateSkillInput!) {
    createSkill(input: $input) {
      id
    }
  }
`);

export const importSkill = graphql(`
  mutation CliImportSkill($input: ImportSkillInput!) {
    importSkill(input: $input) {
      id
      version
      status
    }
  }
`);

export const teamByCode = graphql(`
  query CliTeamByCode($code: String!) {
    teamByCode(code: $code) {
      id
    }
  }
`);

export const createTeam = graphql(`
  mutation CliCreateTeam($input: CreateTeamInput!) {
    createTeam(input: $input) {
      id
    }
  }
`);

export const createTeamVersion = graphql(`
  mutation CliCreateTeamVersion($input: CreateTeamVersionInput!) {
    createTeamVersion(input: $input) {
      id
    }
  }
`);

export const createSkillRun = graphql(`
  mutation CliCreateSkillRun($input: CreateSkillRunInput!) {
    createSkillRun(input: $input) {
      id
    }
  }
`);

export const createTeamRun = graphql(`
  mutation CliCreateTeamRun($input: CreateTeamRunInput!) {
    createTeamRun(input: $input) {
      id
    }
  }
`);

export const createAgentRun = graphql(`
  mutation CliCreateAgentRun($input: CreateAgentRunInput!) {
    createAgentRun(input: $input) {
      id
    }
  }
`);

export const createSession = graphql(`
  mutation CliCreateSession($input: CreateSessionInput!) {
    createSession(input: $input) {
      id
    }
  }
`);

export const runEventPages = graphql(`
  subscription CliRunEventPages($runId: ID!, $after: String) {
    runEventPages(runId: $runId, after: $after) {
      cursor
      type
      occurredAt
      runStatus
      path
      nodeStatus
      attempt
      delta
      nodeRun {
        nodeType
        startedAt
        endedAt
        errorMessage
      }
    }
  }
`);

export const runResult = graphql(`
  query CliRunResult($id: ID!) {
    run(id: $id) {
      id
      kind
      status
      outputText
      outputJson
      errorCode
      errorMessage
      startedAt
      endedAt
    }
  }
`);

export const runLine = graphql(`
  query CliRunLine($id: ID!) {
    run(id: $id) {
      line {
        ahead
        places
        taken
        heldBy {
          id
        }
      }
    }
  }
`);

export const waitingNodes = graphql(`
  query CliWaitingNodes($id: ID!) {
    run(id: $id) {
      status
      nodeRuns(status: [WAITING], first: 200) {
        edges {
          node {
            path
            attempt
            waitReason
          }
        }
      }
    }
  }
`);

export const auditPage = graphql(`
  query CliAuditPage($filter: RequestAuditFilter, $last: Int!, $before: String) {
    requestAudits(filter: $filter, last: $last, before: $before) {
      nodes {
        id
        requestId
        apiKeyId
        operationName
        operationType
        operationHash
        rootFields
        variables
        statusCode
        errorCodes
        durationMs
        clientIp
        userAgent
        event
        details
        createdAt
      }
      pageInfo {
        hasPreviousPage
        startCursor
      }
    }
  }
`);

export const waitingNodeRuns = graphql(`
  query CliWaitingNodeRuns($filter: WaitingNodeRunFilter, $first: Int!, $after: String) {
    waitingNodeRuns(filter: $filter, first: $first, after: $after) {
      nodes {
        id
        ...CliAsker
        waiting {
          ...CliQuestion
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const askedQuestion = graphql(`
  query CliAskedQuestion($id: ID!) {
    nodeRun(id: $id) {
      id
      status
      answeredBy
      ...CliAsker
      waiting {
        ...CliQuestion
      }
    }
  }
  fragment CliAsker on NodeRun {
    parent {
      nodeId
      nodeType
    }
  }
  fragment CliQuestion on NodeRunWaiting {
    reason
    text
    form
    assignees
    actions {
      id
      label
    }
    deadline
    toolName
    arguments
  }
`);

export const answerNodeRun = graphql(`
  mutation CliAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {
    resumeNodeRun(id: $id, input: $input) {
      id
      status
      answeredBy
      answeredAt
      run {
        id
        status
      }
    }
  }
`);

export const schedules = graphql(`
  query CliSchedules($first: Int, $after: String) {
    schedules(first: $first, after: $after) {
      nodes {
        id
        name
        status
        cron
        zone
        nextAt
        lastError {
          reason
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const createSchedule = graphql(`
  mutation CliCreateSchedule($input: CreateScheduleInput!) {
    createSchedule(input: $input) {
      id
      name
      status
      cron
      zone
      nextAt
      lastError {
        reason
      }
    }
  }
`);

export const pauseSchedule = graphql(`
  mutation CliPauseSchedule($id: ID!) {
    schedule: pauseSchedule(id: $id) {
      id
      name
      status
      cron
      zone
      nextAt
      lastError {
        reason
      }
    }
  }
`);

export const resumeSchedule = graphql(`
  mutation CliResumeSchedule($id: ID!) {
    schedule: resumeSchedule(id: $id) {
      id
      name
      status
      cron
      zone
      nextAt
      lastError {
        reason
      }
    }
  }
`);

export const deleteSchedule = graphql(`
  mutation CliDeleteSchedule($id: ID!) {
    schedule: deleteSchedule(id: $id) {
      id
      name
      status
      cron
      zone
      nextAt
      lastError {
        reason
      }
    }
  }
`);

export const webhooks = graphql(`
  query CliWebhooks($first: Int, $after: String) {
    webhooks(first: $first, after: $after) {
      nodes {
        id
        name
        status
        answer
        signature {
          header
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const createWebhook = graphql(`
  mutation CliCreateWebhook($input: CreateWebhookInput!) {
    createWebhook(input: $input) {
      url
      secret
      webhook {
        id
        name
        status
        answer
        signature {
          header
        }
      }
    }
  }
`);

export const deleteWebhook = graphql(`
  mutation CliDeleteWebhook($id: ID!) {
    webhook: deleteWebhook(id: $id) {
      id
      name
    }
  }
`);

export const sendAgentInput = graphql(`
  mutation CliSendAgentInput($runId: ID!, $input: SendAgentInputInput!) {
    sendAgentInput(runId: $runId, input: $input) {
      id
    }
  }
`);

export const toolByCode = graphql(`
  query CliToolByCode($code: String!) {
    toolByCode(code: $code) {
      id
    }
  }
`);

export const createTool = graphql(`
  mutation CliCreateTool($input: CreateToolInput!) {
    createTool(input: $input) {
      id
    }
  }
`);

export const createToolVersion = graphql(`
  mutation CliCreateToolVersion($input: CreateToolVersionInput!) {
    createToolVersion(input: $input) {
      id
    }
  }
`);

export const createToolBinding = graphql(`
  mutation CliCreateToolBinding($input: CreateToolBindingInput!) {
    createToolBinding(input: $input) {
      id
    }
  }
`);

export const createModelProvider = graphql(`
  mutation CliCreateModelProvider($input: CreateModelProviderInput!) {
    createModelProvider(input: $input) {
      id
    }
  }
`);

export const approveNodeRun = graphql(`
  mutation CliApproveNodeRun($id: ID!) {
    resumeNodeRun(id: $id, input: { decision: APPROVE }) {
      id
    }
  }
`);
