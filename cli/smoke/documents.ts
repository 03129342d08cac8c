/** What the smoke test asks of the graph beyond what `run` does. */
import { graphql } from "#codegen/graph/gql.ts";

export const createSession = graphql(`
  mutation SmokeCreateSession($input: CreateSessionInput!) {
    createSession(input: $input) {
      id
    }
  }
`);

export const dispatchRun = graphql(`
  mutation SmokeDispatchRun($input: CreateRunRequestInput!) {
    dispatchRun(input: $input) {
      id
      status
      errorMessage
      run {
        id
      }
    }
  }
`);

export const createTool = graphql(`
  mutation SmokeCreateTool($input: CreateToolInput!) {
    createTool(input: $input) {
      id
    }
  }
`);

export const createToolVersion = graphql(`
  mutation SmokeCreateToolVersion($input: CreateToolVersionInput!) {
    createToolVersion(input: $input) {
      id
    }
  }
`);

export const createToolBinding = graphql(`
  mutation SmokeCreateToolBinding($input: CreateToolBindingInput!) {
    createToolBinding(input: $input) {
      id
    }
  }
`);

export const createSkillVersion = graphql(`
  mutation SmokeCreateSkillVersion($input: CreateSkillVersionInput!) {
    createSkillVersion(input: $input) {
      id
    }
  }
`);

export const createSkillRun = graphql(`
  mutation SmokeCreateSkillRun($input: CreateSkillRunInput!) {
    createSkillRun(input: $input) {
      id
    }
  }
`);

export const finishedRun = graphql(`
  query SmokeFinishedRun($id: ID!) {
    run(id: $id) {
      status
      outputText
      errorCode
      errorMessage
      state
      workflow {
        name
        app {
          name
        }
      }
      nodeRuns(first: 50) {
        edges {
          node {
            path
            status
            outputText
            outputJson
            errorCode
          }
        }
      }
      artifacts(first: 50) {
        edges {
          node {
            artifactType
            sizeBytes
          }
        }
      }
      traceSpans(first: 100) {
        edges {
          node {
            spanType
            name
            status
            traceId
            spanId
            parentSpanId
          }
        }
      }
    }
  }
`);

export const messageAdded = graphql(`
  subscription SmokeMessageAdded($sessionId: ID!, $after: String) {
    messageAdded(sessionId: $sessionId, after: $after) {
      cursor
      message {
        role
        content
        run {
          id
        }
      }
    }
  }
`);

export const answerNodeRun = graphql(`
  mutation SmokeAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {
    resumeNodeRun(id: $id, input: $input) {
      id
    }
  }
`);

export const usageOfRun = graphql(`
  query SmokeUsageOfRun($runId: ID!) {
    modelUsage(runId: $runId) {
      calls
      promptTokens
    }
  }
`);
