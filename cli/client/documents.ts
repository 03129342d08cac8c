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
  mutation CliCancelRun($id: ID!) {
    cancelRun(id: $id) {
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
          status
          isMocked
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
        waiting {
          reason
          text
          assignees
          actions {
            id
          }
          deadline
          toolName
          arguments
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
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
