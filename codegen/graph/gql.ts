/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query CliAppByCode($code: String!) {\n    appByCode(code: $code) {\n      id\n    }\n  }\n": typeof types.CliAppByCodeDocument,
    "\n  mutation CliCreateApp($input: CreateAppInput!) {\n    createApp(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateAppDocument,
    "\n  query CliWorkflowByCode($appId: ID!, $code: String!) {\n    workflowByCode(appId: $appId, code: $code) {\n      id\n      latestVersion {\n        id\n        dsl\n      }\n    }\n  }\n": typeof types.CliWorkflowByCodeDocument,
    "\n  mutation CliCreateWorkflow($input: CreateWorkflowInput!) {\n    createWorkflow(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateWorkflowDocument,
    "\n  mutation CliCreateWorkflowVersion($input: CreateWorkflowVersionInput!) {\n    createWorkflowVersion(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateWorkflowVersionDocument,
    "\n  mutation CliCreateRun($input: CreateRunInput!) {\n    createRun(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateRunDocument,
    "\n  mutation CliExecuteRun($id: ID!, $input: ExecuteRunInput!) {\n    executeRun(id: $id, input: $input) {\n      stopReason\n    }\n  }\n": typeof types.CliExecuteRunDocument,
    "\n  mutation CliCancelRun($id: ID!, $reason: String) {\n    cancelRun(id: $id, reason: $reason) {\n      id\n    }\n  }\n": typeof types.CliCancelRunDocument,
    "\n  query CliTestedRun($id: ID!, $first: Int!, $after: String) {\n    run(id: $id) {\n      status\n      outputText\n      outputJson\n      state\n      errorCode\n      errorMessage\n      handledErrors\n      nodeRuns(first: $first, after: $after) {\n        nodes {\n          path\n          nodeType\n          status\n          isMocked\n          childRun {\n            id\n          }\n          outputText\n          outputJson\n          errorCode\n          errorMessage\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": typeof types.CliTestedRunDocument,
    "\n  query CliAgentByCode($code: String!) {\n    agentByCode(code: $code) {\n      id\n    }\n  }\n": typeof types.CliAgentByCodeDocument,
    "\n  mutation CliCreateAgent($input: CreateAgentInput!) {\n    createAgent(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateAgentDocument,
    "\n  mutation CliCreateAgentVersion($input: CreateAgentVersionInput!) {\n    createAgentVersion(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateAgentVersionDocument,
    "\n  query CliSkillByCode($code: String!) {\n    skillByCode(code: $code) {\n      id\n      publishedVersion {\n        parameterSchema\n      }\n    }\n  }\n": typeof types.CliSkillByCodeDocument,
    "\n  mutation CliCreateSkill($input: CreateSkillInput!) {\n    createSkill(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateSkillDocument,
    "\n  mutation CliImportSkill($input: ImportSkillInput!) {\n    importSkill(input: $input) {\n      id\n      version\n      status\n    }\n  }\n": typeof types.CliImportSkillDocument,
    "\n  query CliTeamByCode($code: String!) {\n    teamByCode(code: $code) {\n      id\n    }\n  }\n": typeof types.CliTeamByCodeDocument,
    "\n  mutation CliCreateTeam($input: CreateTeamInput!) {\n    createTeam(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateTeamDocument,
    "\n  mutation CliCreateTeamVersion($input: CreateTeamVersionInput!) {\n    createTeamVersion(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateTeamVersionDocument,
    "\n  mutation CliCreateSkillRun($input: CreateSkillRunInput!) {\n    createSkillRun(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateSkillRunDocument,
    "\n  mutation CliCreateTeamRun($input: CreateTeamRunInput!) {\n    createTeamRun(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateTeamRunDocument,
    "\n  mutation CliCreateAgentRun($input: CreateAgentRunInput!) {\n    createAgentRun(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateAgentRunDocument,
    "\n  mutation CliCreateSession($input: CreateSessionInput!) {\n    createSession(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateSessionDocument,
    "\n  subscription CliRunEventPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      type\n      occurredAt\n      runStatus\n      path\n      nodeStatus\n      attempt\n      delta\n      nodeRun {\n        nodeType\n        startedAt\n        endedAt\n        errorMessage\n      }\n    }\n  }\n": typeof types.CliRunEventPagesDocument,
    "\n  query CliRunResult($id: ID!) {\n    run(id: $id) {\n      id\n      kind\n      status\n      outputText\n      outputJson\n      errorCode\n      errorMessage\n      startedAt\n      endedAt\n    }\n  }\n": typeof types.CliRunResultDocument,
    "\n  query CliRunLine($id: ID!) {\n    run(id: $id) {\n      line {\n        ahead\n        places\n        taken\n        heldBy {\n          id\n        }\n      }\n    }\n  }\n": typeof types.CliRunLineDocument,
    "\n  query CliWaitingNodes($id: ID!) {\n    run(id: $id) {\n      status\n      nodeRuns(status: [WAITING], first: 200) {\n        edges {\n          node {\n            path\n            attempt\n            waitReason\n          }\n        }\n      }\n    }\n  }\n": typeof types.CliWaitingNodesDocument,
    "\n  query CliAuditPage($filter: RequestAuditFilter, $last: Int!, $before: String) {\n    requestAudits(filter: $filter, last: $last, before: $before) {\n      nodes {\n        id\n        requestId\n        apiKeyId\n        operationName\n        operationType\n        operationHash\n        rootFields\n        variables\n        statusCode\n        errorCodes\n        durationMs\n        clientIp\n        userAgent\n        event\n        details\n        createdAt\n      }\n      pageInfo {\n        hasPreviousPage\n        startCursor\n      }\n    }\n  }\n": typeof types.CliAuditPageDocument,
    "\n  query CliWaitingNodeRuns($filter: WaitingNodeRunFilter, $first: Int!, $after: String) {\n    waitingNodeRuns(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        ...CliAsker\n        waiting {\n          ...CliQuestion\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.CliWaitingNodeRunsDocument,
    "\n  query CliAskedQuestion($id: ID!) {\n    nodeRun(id: $id) {\n      id\n      status\n      answeredBy\n      ...CliAsker\n      waiting {\n        ...CliQuestion\n      }\n    }\n  }\n  fragment CliAsker on NodeRun {\n    parent {\n      nodeId\n      nodeType\n    }\n  }\n  fragment CliQuestion on NodeRunWaiting {\n    reason\n    text\n    form\n    assignees\n    actions {\n      id\n      label\n    }\n    deadline\n    toolName\n    arguments\n  }\n": typeof types.CliAskedQuestionDocument,
    "\n  mutation CliAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {\n    resumeNodeRun(id: $id, input: $input) {\n      id\n      status\n      answeredBy\n      answeredAt\n      run {\n        id\n        status\n      }\n    }\n  }\n": typeof types.CliAnswerNodeRunDocument,
    "\n  query CliSchedules($first: Int, $after: String) {\n    schedules(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        status\n        cron\n        zone\n        nextAt\n        lastError {\n          reason\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.CliSchedulesDocument,
    "\n  mutation CliCreateSchedule($input: CreateScheduleInput!) {\n    createSchedule(input: $input) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n": typeof types.CliCreateScheduleDocument,
    "\n  mutation CliPauseSchedule($id: ID!) {\n    schedule: pauseSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n": typeof types.CliPauseScheduleDocument,
    "\n  mutation CliResumeSchedule($id: ID!) {\n    schedule: resumeSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n": typeof types.CliResumeScheduleDocument,
    "\n  mutation CliDeleteSchedule($id: ID!) {\n    schedule: deleteSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n": typeof types.CliDeleteScheduleDocument,
    "\n  query CliWebhooks($first: Int, $after: String) {\n    webhooks(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        status\n        answer\n        signature {\n          header\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.CliWebhooksDocument,
    "\n  mutation CliCreateWebhook($input: CreateWebhookInput!) {\n    createWebhook(input: $input) {\n      url\n      secret\n      webhook {\n        id\n        name\n        status\n        answer\n        signature {\n          header\n        }\n      }\n    }\n  }\n": typeof types.CliCreateWebhookDocument,
    "\n  mutation CliDeleteWebhook($id: ID!) {\n    webhook: deleteWebhook(id: $id) {\n      id\n      name\n    }\n  }\n": typeof types.CliDeleteWebhookDocument,
    "\n  mutation CliSendAgentInput($runId: ID!, $input: SendAgentInputInput!) {\n    sendAgentInput(runId: $runId, input: $input) {\n      id\n    }\n  }\n": typeof types.CliSendAgentInputDocument,
    "\n  query CliToolByCode($code: String!) {\n    toolByCode(code: $code) {\n      id\n    }\n  }\n": typeof types.CliToolByCodeDocument,
    "\n  mutation CliCreateTool($input: CreateToolInput!) {\n    createTool(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateToolDocument,
    "\n  mutation CliCreateToolVersion($input: CreateToolVersionInput!) {\n    createToolVersion(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateToolVersionDocument,
    "\n  mutation CliCreateToolBinding($input: CreateToolBindingInput!) {\n    createToolBinding(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateToolBindingDocument,
    "\n  mutation CliCreateModelProvider($input: CreateModelProviderInput!) {\n    createModelProvider(input: $input) {\n      id\n    }\n  }\n": typeof types.CliCreateModelProviderDocument,
    "\n  mutation CliApproveNodeRun($id: ID!) {\n    resumeNodeRun(id: $id, input: { decision: APPROVE }) {\n      id\n    }\n  }\n": typeof types.CliApproveNodeRunDocument,
    "\n  mutation SmokeCreateSession($input: CreateSessionInput!) {\n    createSession(input: $input) {\n      id\n    }\n  }\n": typeof types.SmokeCreateSessionDocument,
    "\n  mutation SmokeDispatchRun($input: CreateRunRequestInput!) {\n    dispatchRun(input: $input) {\n      id\n      status\n      errorMessage\n      run {\n        id\n      }\n    }\n  }\n": typeof types.SmokeDispatchRunDocument,
    "\n  mutation SmokeCreateTool($input: CreateToolInput!) {\n    createTool(input: $input) {\n      id\n    }\n  }\n": typeof types.SmokeCreateToolDocument,
    "\n  mutation SmokeCreateToolVersion($input: CreateToolVersionInput!) {\n    createToolVersion(input: $input) {\n      id\n    }\n  }\n": typeof types.SmokeCreateToolVersionDocument,
    "\n  mutation SmokeCreateToolBinding($input: CreateToolBindingInput!) {\n    createToolBinding(input: $input) {\n      id\n    }\n  }\n": typeof types.SmokeCreateToolBindingDocument,
    "\n  mutation SmokeCreateSkillVersion($input: CreateSkillVersionInput!) {\n    createSkillVersion(input: $input) {\n      id\n    }\n  }\n": typeof types.SmokeCreateSkillVersionDocument,
    "\n  mutation SmokeCreateSkillRun($input: CreateSkillRunInput!) {\n    createSkillRun(input: $input) {\n      id\n    }\n  }\n": typeof types.SmokeCreateSkillRunDocument,
    "\n  query SmokeFinishedRun($id: ID!) {\n    run(id: $id) {\n      status\n      outputText\n      errorCode\n      errorMessage\n      state\n      workflow {\n        name\n        app {\n          name\n        }\n      }\n      nodeRuns(first: 50) {\n        edges {\n          node {\n            path\n            status\n            outputText\n            outputJson\n            errorCode\n          }\n        }\n      }\n      artifacts(first: 50) {\n        edges {\n          node {\n            artifactType\n            sizeBytes\n          }\n        }\n      }\n      traceSpans(first: 100) {\n        edges {\n          node {\n            spanType\n            name\n            status\n            traceId\n            spanId\n            parentSpanId\n          }\n        }\n      }\n    }\n  }\n": typeof types.SmokeFinishedRunDocument,
    "\n  subscription SmokeMessageAdded($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n        content\n        run {\n          id\n        }\n      }\n    }\n  }\n": typeof types.SmokeMessageAddedDocument,
    "\n  mutation SmokeAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {\n    resumeNodeRun(id: $id, input: $input) {\n      id\n    }\n  }\n": typeof types.SmokeAnswerNodeRunDocument,
    "\n  query SmokeUsageOfRun($runId: ID!) {\n    modelUsage(runId: $runId) {\n      calls\n      promptTokens\n    }\n  }\n": typeof types.SmokeUsageOfRunDocument,
    "\n  subscription AgentRunDeltas($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      path\n      delta\n      reasoningDelta\n    }\n  }\n": typeof types.AgentRunDeltasDocument,
    "\n  subscription CancelRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      runStatus\n      nodeId\n      nodeStatus\n    }\n  }\n": typeof types.CancelRunEventsDocument,
    "\n  subscription RunEventPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      type\n      runStatus\n      nodeId\n      nodeStatus\n      run {\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n": typeof types.RunEventPagesDocument,
    "\n  subscription StartRun($input: CreateRunInput!) {\n    startRun(input: $input) {\n      cursor\n      type\n      runStatus\n      nodeStatus\n      run {\n        id\n        workflow {\n          name\n        }\n      }\n    }\n  }\n": typeof types.StartRunDocument,
    "\n  subscription LiveRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      type\n      runStatus\n      nodeId\n      nodeStatus\n      delta\n      run {\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n": typeof types.LiveRunEventsDocument,
    "\n  subscription LiveNodeRunUpdated($runId: ID!, $after: String) {\n    nodeRunUpdated(runId: $runId, after: $after) {\n      cursor\n      status\n      nodeRun {\n        nodeId\n        outputText\n      }\n    }\n  }\n": typeof types.LiveNodeRunUpdatedDocument,
    "\n  subscription LiveSpans($runId: ID!, $after: String) {\n    traceSpanRecorded(runId: $runId, after: $after) {\n      cursor\n      span {\n        spanType\n        name\n        status\n        durationMs\n      }\n    }\n  }\n": typeof types.LiveSpansDocument,
    "\n  subscription LiveCompletion($input: ChatCompletionInput!) {\n    chatCompletionStream(input: $input) {\n      delta\n      completion {\n        content\n        finishReason\n      }\n    }\n  }\n": typeof types.LiveCompletionDocument,
    "\n  subscription OddVendorLive($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      delta\n      reasoningDelta\n    }\n  }\n": typeof types.OddVendorLiveDocument,
    "\n  subscription ProcessesRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      type\n      nodeId\n      nodeStatus\n      run {\n        status\n        outputText\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n": typeof types.ProcessesRunEventsDocument,
    "\n  query ProcessesServices {\n    services {\n      name\n      status\n    }\n  }\n": typeof types.ProcessesServicesDocument,
    "\n  subscription CanaryEvents($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      delta\n      runStatus\n      nodeRun {\n        input\n        outputText\n        outputJson\n        errorMessage\n      }\n    }\n  }\n": typeof types.CanaryEventsDocument,
    "\n  subscription StatementCountMessages($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n      }\n    }\n  }\n": typeof types.StatementCountMessagesDocument,
    "\n  mutation SurvivalExecuteRun($id: ID!) {\n    executeRun(id: $id, input: { workerKey: \"caller\" }) {\n      run {\n        status\n      }\n    }\n  }\n": typeof types.SurvivalExecuteRunDocument,
    "\n  query KeyedRuns {\n    runs {\n      nodes {\n        id\n        status\n      }\n    }\n  }\n": typeof types.KeyedRunsDocument,
    "\n  subscription KeyedPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      runStatus\n    }\n  }\n": typeof types.KeyedPagesDocument,
    "\n  subscription TestRunStatus($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      runStatus\n    }\n  }\n": typeof types.TestRunStatusDocument,
    "\n  subscription OneOfEachMessages($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n      }\n    }\n  }\n": typeof types.OneOfEachMessagesDocument,
};
const documents: Documents = {
    "\n  query CliAppByCode($code: String!) {\n    appByCode(code: $code) {\n      id\n    }\n  }\n": types.CliAppByCodeDocument,
    "\n  mutation CliCreateApp($input: CreateAppInput!) {\n    createApp(input: $input) {\n      id\n    }\n  }\n": types.CliCreateAppDocument,
    "\n  query CliWorkflowByCode($appId: ID!, $code: String!) {\n    workflowByCode(appId: $appId, code: $code) {\n      id\n      latestVersion {\n        id\n        dsl\n      }\n    }\n  }\n": types.CliWorkflowByCodeDocument,
    "\n  mutation CliCreateWorkflow($input: CreateWorkflowInput!) {\n    createWorkflow(input: $input) {\n      id\n    }\n  }\n": types.CliCreateWorkflowDocument,
    "\n  mutation CliCreateWorkflowVersion($input: CreateWorkflowVersionInput!) {\n    createWorkflowVersion(input: $input) {\n      id\n    }\n  }\n": types.CliCreateWorkflowVersionDocument,
    "\n  mutation CliCreateRun($input: CreateRunInput!) {\n    createRun(input: $input) {\n      id\n    }\n  }\n": types.CliCreateRunDocument,
    "\n  mutation CliExecuteRun($id: ID!, $input: ExecuteRunInput!) {\n    executeRun(id: $id, input: $input) {\n      stopReason\n    }\n  }\n": types.CliExecuteRunDocument,
    "\n  mutation CliCancelRun($id: ID!, $reason: String) {\n    cancelRun(id: $id, reason: $reason) {\n      id\n    }\n  }\n": types.CliCancelRunDocument,
    "\n  query CliTestedRun($id: ID!, $first: Int!, $after: String) {\n    run(id: $id) {\n      status\n      outputText\n      outputJson\n      state\n      errorCode\n      errorMessage\n      handledErrors\n      nodeRuns(first: $first, after: $after) {\n        nodes {\n          path\n          nodeType\n          status\n          isMocked\n          childRun {\n            id\n          }\n          outputText\n          outputJson\n          errorCode\n          errorMessage\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": types.CliTestedRunDocument,
    "\n  query CliAgentByCode($code: String!) {\n    agentByCode(code: $code) {\n      id\n    }\n  }\n": types.CliAgentByCodeDocument,
    "\n  mutation CliCreateAgent($input: CreateAgentInput!) {\n    createAgent(input: $input) {\n      id\n    }\n  }\n": types.CliCreateAgentDocument,
    "\n  mutation CliCreateAgentVersion($input: CreateAgentVersionInput!) {\n    createAgentVersion(input: $input) {\n      id\n    }\n  }\n": types.CliCreateAgentVersionDocument,
    "\n  query CliSkillByCode($code: String!) {\n    skillByCode(code: $code) {\n      id\n      publishedVersion {\n        parameterSchema\n      }\n    }\n  }\n": types.CliSkillByCodeDocument,
    "\n  mutation CliCreateSkill($input: CreateSkillInput!) {\n    createSkill(input: $input) {\n      id\n    }\n  }\n": types.CliCreateSkillDocument,
    "\n  mutation CliImportSkill($input: ImportSkillInput!) {\n    importSkill(input: $input) {\n      id\n      version\n      status\n    }\n  }\n": types.CliImportSkillDocument,
    "\n  query CliTeamByCode($code: String!) {\n    teamByCode(code: $code) {\n      id\n    }\n  }\n": types.CliTeamByCodeDocument,
    "\n  mutation CliCreateTeam($input: CreateTeamInput!) {\n    createTeam(input: $input) {\n      id\n    }\n  }\n": types.CliCreateTeamDocument,
    "\n  mutation CliCreateTeamVersion($input: CreateTeamVersionInput!) {\n    createTeamVersion(input: $input) {\n      id\n    }\n  }\n": types.CliCreateTeamVersionDocument,
    "\n  mutation CliCreateSkillRun($input: CreateSkillRunInput!) {\n    createSkillRun(input: $input) {\n      id\n    }\n  }\n": types.CliCreateSkillRunDocument,
    "\n  mutation CliCreateTeamRun($input: CreateTeamRunInput!) {\n    createTeamRun(input: $input) {\n      id\n    }\n  }\n": types.CliCreateTeamRunDocument,
    "\n  mutation CliCreateAgentRun($input: CreateAgentRunInput!) {\n    createAgentRun(input: $input) {\n      id\n    }\n  }\n": types.CliCreateAgentRunDocument,
    "\n  mutation CliCreateSession($input: CreateSessionInput!) {\n    createSession(input: $input) {\n      id\n    }\n  }\n": types.CliCreateSessionDocument,
    "\n  subscription CliRunEventPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      type\n      occurredAt\n      runStatus\n      path\n      nodeStatus\n      attempt\n      delta\n      nodeRun {\n        nodeType\n        startedAt\n        endedAt\n        errorMessage\n      }\n    }\n  }\n": types.CliRunEventPagesDocument,
    "\n  query CliRunResult($id: ID!) {\n    run(id: $id) {\n      id\n      kind\n      status\n      outputText\n      outputJson\n      errorCode\n      errorMessage\n      startedAt\n      endedAt\n    }\n  }\n": types.CliRunResultDocument,
    "\n  query CliRunLine($id: ID!) {\n    run(id: $id) {\n      line {\n        ahead\n        places\n        taken\n        heldBy {\n          id\n        }\n      }\n    }\n  }\n": types.CliRunLineDocument,
    "\n  query CliWaitingNodes($id: ID!) {\n    run(id: $id) {\n      status\n      nodeRuns(status: [WAITING], first: 200) {\n        edges {\n          node {\n            path\n            attempt\n            waitReason\n          }\n        }\n      }\n    }\n  }\n": types.CliWaitingNodesDocument,
    "\n  query CliAuditPage($filter: RequestAuditFilter, $last: Int!, $before: String) {\n    requestAudits(filter: $filter, last: $last, before: $before) {\n      nodes {\n        id\n        requestId\n        apiKeyId\n        operationName\n        operationType\n        operationHash\n        rootFields\n        variables\n        statusCode\n        errorCodes\n        durationMs\n        clientIp\n        userAgent\n        event\n        details\n        createdAt\n      }\n      pageInfo {\n        hasPreviousPage\n        startCursor\n      }\n    }\n  }\n": types.CliAuditPageDocument,
    "\n  query CliWaitingNodeRuns($filter: WaitingNodeRunFilter, $first: Int!, $after: String) {\n    waitingNodeRuns(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        ...CliAsker\n        waiting {\n          ...CliQuestion\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.CliWaitingNodeRunsDocument,
    "\n  query CliAskedQuestion($id: ID!) {\n    nodeRun(id: $id) {\n      id\n      status\n      answeredBy\n      ...CliAsker\n      waiting {\n        ...CliQuestion\n      }\n    }\n  }\n  fragment CliAsker on NodeRun {\n    parent {\n      nodeId\n      nodeType\n    }\n  }\n  fragment CliQuestion on NodeRunWaiting {\n    reason\n    text\n    form\n    assignees\n    actions {\n      id\n      label\n    }\n    deadline\n    toolName\n    arguments\n  }\n": types.CliAskedQuestionDocument,
    "\n  mutation CliAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {\n    resumeNodeRun(id: $id, input: $input) {\n      id\n      status\n      answeredBy\n      answeredAt\n      run {\n        id\n        status\n      }\n    }\n  }\n": types.CliAnswerNodeRunDocument,
    "\n  query CliSchedules($first: Int, $after: String) {\n    schedules(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        status\n        cron\n        zone\n        nextAt\n        lastError {\n          reason\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.CliSchedulesDocument,
    "\n  mutation CliCreateSchedule($input: CreateScheduleInput!) {\n    createSchedule(input: $input) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n": types.CliCreateScheduleDocument,
    "\n  mutation CliPauseSchedule($id: ID!) {\n    schedule: pauseSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n": types.CliPauseScheduleDocument,
    "\n  mutation CliResumeSchedule($id: ID!) {\n    schedule: resumeSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n": types.CliResumeScheduleDocument,
    "\n  mutation CliDeleteSchedule($id: ID!) {\n    schedule: deleteSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n": types.CliDeleteScheduleDocument,
    "\n  query CliWebhooks($first: Int, $after: String) {\n    webhooks(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        status\n        answer\n        signature {\n          header\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.CliWebhooksDocument,
    "\n  mutation CliCreateWebhook($input: CreateWebhookInput!) {\n    createWebhook(input: $input) {\n      url\n      secret\n      webhook {\n        id\n        name\n        status\n        answer\n        signature {\n          header\n        }\n      }\n    }\n  }\n": types.CliCreateWebhookDocument,
    "\n  mutation CliDeleteWebhook($id: ID!) {\n    webhook: deleteWebhook(id: $id) {\n      id\n      name\n    }\n  }\n": types.CliDeleteWebhookDocument,
    "\n  mutation CliSendAgentInput($runId: ID!, $input: SendAgentInputInput!) {\n    sendAgentInput(runId: $runId, input: $input) {\n      id\n    }\n  }\n": types.CliSendAgentInputDocument,
    "\n  query CliToolByCode($code: String!) {\n    toolByCode(code: $code) {\n      id\n    }\n  }\n": types.CliToolByCodeDocument,
    "\n  mutation CliCreateTool($input: CreateToolInput!) {\n    createTool(input: $input) {\n      id\n    }\n  }\n": types.CliCreateToolDocument,
    "\n  mutation CliCreateToolVersion($input: CreateToolVersionInput!) {\n    createToolVersion(input: $input) {\n      id\n    }\n  }\n": types.CliCreateToolVersionDocument,
    "\n  mutation CliCreateToolBinding($input: CreateToolBindingInput!) {\n    createToolBinding(input: $input) {\n      id\n    }\n  }\n": types.CliCreateToolBindingDocument,
    "\n  mutation CliCreateModelProvider($input: CreateModelProviderInput!) {\n    createModelProvider(input: $input) {\n      id\n    }\n  }\n": types.CliCreateModelProviderDocument,
    "\n  mutation CliApproveNodeRun($id: ID!) {\n    resumeNodeRun(id: $id, input: { decision: APPROVE }) {\n      id\n    }\n  }\n": types.CliApproveNodeRunDocument,
    "\n  mutation SmokeCreateSession($input: CreateSessionInput!) {\n    createSession(input: $input) {\n      id\n    }\n  }\n": types.SmokeCreateSessionDocument,
    "\n  mutation SmokeDispatchRun($input: CreateRunRequestInput!) {\n    dispatchRun(input: $input) {\n      id\n      status\n      errorMessage\n      run {\n        id\n      }\n    }\n  }\n": types.SmokeDispatchRunDocument,
    "\n  mutation SmokeCreateTool($input: CreateToolInput!) {\n    createTool(input: $input) {\n      id\n    }\n  }\n": types.SmokeCreateToolDocument,
    "\n  mutation SmokeCreateToolVersion($input: CreateToolVersionInput!) {\n    createToolVersion(input: $input) {\n      id\n    }\n  }\n": types.SmokeCreateToolVersionDocument,
    "\n  mutation SmokeCreateToolBinding($input: CreateToolBindingInput!) {\n    createToolBinding(input: $input) {\n      id\n    }\n  }\n": types.SmokeCreateToolBindingDocument,
    "\n  mutation SmokeCreateSkillVersion($input: CreateSkillVersionInput!) {\n    createSkillVersion(input: $input) {\n      id\n    }\n  }\n": types.SmokeCreateSkillVersionDocument,
    "\n  mutation SmokeCreateSkillRun($input: CreateSkillRunInput!) {\n    createSkillRun(input: $input) {\n      id\n    }\n  }\n": types.SmokeCreateSkillRunDocument,
    "\n  query SmokeFinishedRun($id: ID!) {\n    run(id: $id) {\n      status\n      outputText\n      errorCode\n      errorMessage\n      state\n      workflow {\n        name\n        app {\n          name\n        }\n      }\n      nodeRuns(first: 50) {\n        edges {\n          node {\n            path\n            status\n            outputText\n            outputJson\n            errorCode\n          }\n        }\n      }\n      artifacts(first: 50) {\n        edges {\n          node {\n            artifactType\n            sizeBytes\n          }\n        }\n      }\n      traceSpans(first: 100) {\n        edges {\n          node {\n            spanType\n            name\n            status\n            traceId\n            spanId\n            parentSpanId\n          }\n        }\n      }\n    }\n  }\n": types.SmokeFinishedRunDocument,
    "\n  subscription SmokeMessageAdded($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n        content\n        run {\n          id\n        }\n      }\n    }\n  }\n": types.SmokeMessageAddedDocument,
    "\n  mutation SmokeAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {\n    resumeNodeRun(id: $id, input: $input) {\n      id\n    }\n  }\n": types.SmokeAnswerNodeRunDocument,
    "\n  query SmokeUsageOfRun($runId: ID!) {\n    modelUsage(runId: $runId) {\n      calls\n      promptTokens\n    }\n  }\n": types.SmokeUsageOfRunDocument,
    "\n  subscription AgentRunDeltas($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      path\n      delta\n      reasoningDelta\n    }\n  }\n": types.AgentRunDeltasDocument,
    "\n  subscription CancelRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      runStatus\n      nodeId\n      nodeStatus\n    }\n  }\n": types.CancelRunEventsDocument,
    "\n  subscription RunEventPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      type\n      runStatus\n      nodeId\n      nodeStatus\n      run {\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n": types.RunEventPagesDocument,
    "\n  subscription StartRun($input: CreateRunInput!) {\n    startRun(input: $input) {\n      cursor\n      type\n      runStatus\n      nodeStatus\n      run {\n        id\n        workflow {\n          name\n        }\n      }\n    }\n  }\n": types.StartRunDocument,
    "\n  subscription LiveRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      type\n      runStatus\n      nodeId\n      nodeStatus\n      delta\n      run {\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n": types.LiveRunEventsDocument,
    "\n  subscription LiveNodeRunUpdated($runId: ID!, $after: String) {\n    nodeRunUpdated(runId: $runId, after: $after) {\n      cursor\n      status\n      nodeRun {\n        nodeId\n        outputText\n      }\n    }\n  }\n": types.LiveNodeRunUpdatedDocument,
    "\n  subscription LiveSpans($runId: ID!, $after: String) {\n    traceSpanRecorded(runId: $runId, after: $after) {\n      cursor\n      span {\n        spanType\n        name\n        status\n        durationMs\n      }\n    }\n  }\n": types.LiveSpansDocument,
    "\n  subscription LiveCompletion($input: ChatCompletionInput!) {\n    chatCompletionStream(input: $input) {\n      delta\n      completion {\n        content\n        finishReason\n      }\n    }\n  }\n": types.LiveCompletionDocument,
    "\n  subscription OddVendorLive($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      delta\n      reasoningDelta\n    }\n  }\n": types.OddVendorLiveDocument,
    "\n  subscription ProcessesRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      type\n      nodeId\n      nodeStatus\n      run {\n        status\n        outputText\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n": types.ProcessesRunEventsDocument,
    "\n  query ProcessesServices {\n    services {\n      name\n      status\n    }\n  }\n": types.ProcessesServicesDocument,
    "\n  subscription CanaryEvents($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      delta\n      runStatus\n      nodeRun {\n        input\n        outputText\n        outputJson\n        errorMessage\n      }\n    }\n  }\n": types.CanaryEventsDocument,
    "\n  subscription StatementCountMessages($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n      }\n    }\n  }\n": types.StatementCountMessagesDocument,
    "\n  mutation SurvivalExecuteRun($id: ID!) {\n    executeRun(id: $id, input: { workerKey: \"caller\" }) {\n      run {\n        status\n      }\n    }\n  }\n": types.SurvivalExecuteRunDocument,
    "\n  query KeyedRuns {\n    runs {\n      nodes {\n        id\n        status\n      }\n    }\n  }\n": types.KeyedRunsDocument,
    "\n  subscription KeyedPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      runStatus\n    }\n  }\n": types.KeyedPagesDocument,
    "\n  subscription TestRunStatus($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      runStatus\n    }\n  }\n": types.TestRunStatusDocument,
    "\n  subscription OneOfEachMessages($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n      }\n    }\n  }\n": types.OneOfEachMessagesDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliAppByCode($code: String!) {\n    appByCode(code: $code) {\n      id\n    }\n  }\n"): (typeof documents)["\n  query CliAppByCode($code: String!) {\n    appByCode(code: $code) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateApp($input: CreateAppInput!) {\n    createApp(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateApp($input: CreateAppInput!) {\n    createApp(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliWorkflowByCode($appId: ID!, $code: String!) {\n    workflowByCode(appId: $appId, code: $code) {\n      id\n      latestVersion {\n        id\n        dsl\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliWorkflowByCode($appId: ID!, $code: String!) {\n    workflowByCode(appId: $appId, code: $code) {\n      id\n      latestVersion {\n        id\n        dsl\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateWorkflow($input: CreateWorkflowInput!) {\n    createWorkflow(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateWorkflow($input: CreateWorkflowInput!) {\n    createWorkflow(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateWorkflowVersion($input: CreateWorkflowVersionInput!) {\n    createWorkflowVersion(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateWorkflowVersion($input: CreateWorkflowVersionInput!) {\n    createWorkflowVersion(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateRun($input: CreateRunInput!) {\n    createRun(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateRun($input: CreateRunInput!) {\n    createRun(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliExecuteRun($id: ID!, $input: ExecuteRunInput!) {\n    executeRun(id: $id, input: $input) {\n      stopReason\n    }\n  }\n"): (typeof documents)["\n  mutation CliExecuteRun($id: ID!, $input: ExecuteRunInput!) {\n    executeRun(id: $id, input: $input) {\n      stopReason\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCancelRun($id: ID!, $reason: String) {\n    cancelRun(id: $id, reason: $reason) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCancelRun($id: ID!, $reason: String) {\n    cancelRun(id: $id, reason: $reason) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliTestedRun($id: ID!, $first: Int!, $after: String) {\n    run(id: $id) {\n      status\n      outputText\n      outputJson\n      state\n      errorCode\n      errorMessage\n      handledErrors\n      nodeRuns(first: $first, after: $after) {\n        nodes {\n          path\n          nodeType\n          status\n          isMocked\n          childRun {\n            id\n          }\n          outputText\n          outputJson\n          errorCode\n          errorMessage\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliTestedRun($id: ID!, $first: Int!, $after: String) {\n    run(id: $id) {\n      status\n      outputText\n      outputJson\n      state\n      errorCode\n      errorMessage\n      handledErrors\n      nodeRuns(first: $first, after: $after) {\n        nodes {\n          path\n          nodeType\n          status\n          isMocked\n          childRun {\n            id\n          }\n          outputText\n          outputJson\n          errorCode\n          errorMessage\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliAgentByCode($code: String!) {\n    agentByCode(code: $code) {\n      id\n    }\n  }\n"): (typeof documents)["\n  query CliAgentByCode($code: String!) {\n    agentByCode(code: $code) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateAgent($input: CreateAgentInput!) {\n    createAgent(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateAgent($input: CreateAgentInput!) {\n    createAgent(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateAgentVersion($input: CreateAgentVersionInput!) {\n    createAgentVersion(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateAgentVersion($input: CreateAgentVersionInput!) {\n    createAgentVersion(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliSkillByCode($code: String!) {\n    skillByCode(code: $code) {\n      id\n      publishedVersion {\n        parameterSchema\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliSkillByCode($code: String!) {\n    skillByCode(code: $code) {\n      id\n      publishedVersion {\n        parameterSchema\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateSkill($input: CreateSkillInput!) {\n    createSkill(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateSkill($input: CreateSkillInput!) {\n    createSkill(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliImportSkill($input: ImportSkillInput!) {\n    importSkill(input: $input) {\n      id\n      version\n      status\n    }\n  }\n"): (typeof documents)["\n  mutation CliImportSkill($input: ImportSkillInput!) {\n    importSkill(input: $input) {\n      id\n      version\n      status\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliTeamByCode($code: String!) {\n    teamByCode(code: $code) {\n      id\n    }\n  }\n"): (typeof documents)["\n  query CliTeamByCode($code: String!) {\n    teamByCode(code: $code) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateTeam($input: CreateTeamInput!) {\n    createTeam(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateTeam($input: CreateTeamInput!) {\n    createTeam(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateTeamVersion($input: CreateTeamVersionInput!) {\n    createTeamVersion(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateTeamVersion($input: CreateTeamVersionInput!) {\n    createTeamVersion(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateSkillRun($input: CreateSkillRunInput!) {\n    createSkillRun(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateSkillRun($input: CreateSkillRunInput!) {\n    createSkillRun(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateTeamRun($input: CreateTeamRunInput!) {\n    createTeamRun(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateTeamRun($input: CreateTeamRunInput!) {\n    createTeamRun(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateAgentRun($input: CreateAgentRunInput!) {\n    createAgentRun(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateAgentRun($input: CreateAgentRunInput!) {\n    createAgentRun(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateSession($input: CreateSessionInput!) {\n    createSession(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateSession($input: CreateSessionInput!) {\n    createSession(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription CliRunEventPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      type\n      occurredAt\n      runStatus\n      path\n      nodeStatus\n      attempt\n      delta\n      nodeRun {\n        nodeType\n        startedAt\n        endedAt\n        errorMessage\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription CliRunEventPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      type\n      occurredAt\n      runStatus\n      path\n      nodeStatus\n      attempt\n      delta\n      nodeRun {\n        nodeType\n        startedAt\n        endedAt\n        errorMessage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliRunResult($id: ID!) {\n    run(id: $id) {\n      id\n      kind\n      status\n      outputText\n      outputJson\n      errorCode\n      errorMessage\n      startedAt\n      endedAt\n    }\n  }\n"): (typeof documents)["\n  query CliRunResult($id: ID!) {\n    run(id: $id) {\n      id\n      kind\n      status\n      outputText\n      outputJson\n      errorCode\n      errorMessage\n      startedAt\n      endedAt\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliRunLine($id: ID!) {\n    run(id: $id) {\n      line {\n        ahead\n        places\n        taken\n        heldBy {\n          id\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliRunLine($id: ID!) {\n    run(id: $id) {\n      line {\n        ahead\n        places\n        taken\n        heldBy {\n          id\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliWaitingNodes($id: ID!) {\n    run(id: $id) {\n      status\n      nodeRuns(status: [WAITING], first: 200) {\n        edges {\n          node {\n            path\n            attempt\n            waitReason\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliWaitingNodes($id: ID!) {\n    run(id: $id) {\n      status\n      nodeRuns(status: [WAITING], first: 200) {\n        edges {\n          node {\n            path\n            attempt\n            waitReason\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliAuditPage($filter: RequestAuditFilter, $last: Int!, $before: String) {\n    requestAudits(filter: $filter, last: $last, before: $before) {\n      nodes {\n        id\n        requestId\n        apiKeyId\n        operationName\n        operationType\n        operationHash\n        rootFields\n        variables\n        statusCode\n        errorCodes\n        durationMs\n        clientIp\n        userAgent\n        event\n        details\n        createdAt\n      }\n      pageInfo {\n        hasPreviousPage\n        startCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliAuditPage($filter: RequestAuditFilter, $last: Int!, $before: String) {\n    requestAudits(filter: $filter, last: $last, before: $before) {\n      nodes {\n        id\n        requestId\n        apiKeyId\n        operationName\n        operationType\n        operationHash\n        rootFields\n        variables\n        statusCode\n        errorCodes\n        durationMs\n        clientIp\n        userAgent\n        event\n        details\n        createdAt\n      }\n      pageInfo {\n        hasPreviousPage\n        startCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliWaitingNodeRuns($filter: WaitingNodeRunFilter, $first: Int!, $after: String) {\n    waitingNodeRuns(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        ...CliAsker\n        waiting {\n          ...CliQuestion\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliWaitingNodeRuns($filter: WaitingNodeRunFilter, $first: Int!, $after: String) {\n    waitingNodeRuns(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        ...CliAsker\n        waiting {\n          ...CliQuestion\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliAskedQuestion($id: ID!) {\n    nodeRun(id: $id) {\n      id\n      status\n      answeredBy\n      ...CliAsker\n      waiting {\n        ...CliQuestion\n      }\n    }\n  }\n  fragment CliAsker on NodeRun {\n    parent {\n      nodeId\n      nodeType\n    }\n  }\n  fragment CliQuestion on NodeRunWaiting {\n    reason\n    text\n    form\n    assignees\n    actions {\n      id\n      label\n    }\n    deadline\n    toolName\n    arguments\n  }\n"): (typeof documents)["\n  query CliAskedQuestion($id: ID!) {\n    nodeRun(id: $id) {\n      id\n      status\n      answeredBy\n      ...CliAsker\n      waiting {\n        ...CliQuestion\n      }\n    }\n  }\n  fragment CliAsker on NodeRun {\n    parent {\n      nodeId\n      nodeType\n    }\n  }\n  fragment CliQuestion on NodeRunWaiting {\n    reason\n    text\n    form\n    assignees\n    actions {\n      id\n      label\n    }\n    deadline\n    toolName\n    arguments\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {\n    resumeNodeRun(id: $id, input: $input) {\n      id\n      status\n      answeredBy\n      answeredAt\n      run {\n        id\n        status\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation CliAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {\n    resumeNodeRun(id: $id, input: $input) {\n      id\n      status\n      answeredBy\n      answeredAt\n      run {\n        id\n        status\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliSchedules($first: Int, $after: String) {\n    schedules(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        status\n        cron\n        zone\n        nextAt\n        lastError {\n          reason\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliSchedules($first: Int, $after: String) {\n    schedules(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        status\n        cron\n        zone\n        nextAt\n        lastError {\n          reason\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateSchedule($input: CreateScheduleInput!) {\n    createSchedule(input: $input) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateSchedule($input: CreateScheduleInput!) {\n    createSchedule(input: $input) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliPauseSchedule($id: ID!) {\n    schedule: pauseSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation CliPauseSchedule($id: ID!) {\n    schedule: pauseSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliResumeSchedule($id: ID!) {\n    schedule: resumeSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation CliResumeSchedule($id: ID!) {\n    schedule: resumeSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliDeleteSchedule($id: ID!) {\n    schedule: deleteSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation CliDeleteSchedule($id: ID!) {\n    schedule: deleteSchedule(id: $id) {\n      id\n      name\n      status\n      cron\n      zone\n      nextAt\n      lastError {\n        reason\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliWebhooks($first: Int, $after: String) {\n    webhooks(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        status\n        answer\n        signature {\n          header\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query CliWebhooks($first: Int, $after: String) {\n    webhooks(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        status\n        answer\n        signature {\n          header\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateWebhook($input: CreateWebhookInput!) {\n    createWebhook(input: $input) {\n      url\n      secret\n      webhook {\n        id\n        name\n        status\n        answer\n        signature {\n          header\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateWebhook($input: CreateWebhookInput!) {\n    createWebhook(input: $input) {\n      url\n      secret\n      webhook {\n        id\n        name\n        status\n        answer\n        signature {\n          header\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliDeleteWebhook($id: ID!) {\n    webhook: deleteWebhook(id: $id) {\n      id\n      name\n    }\n  }\n"): (typeof documents)["\n  mutation CliDeleteWebhook($id: ID!) {\n    webhook: deleteWebhook(id: $id) {\n      id\n      name\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliSendAgentInput($runId: ID!, $input: SendAgentInputInput!) {\n    sendAgentInput(runId: $runId, input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliSendAgentInput($runId: ID!, $input: SendAgentInputInput!) {\n    sendAgentInput(runId: $runId, input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CliToolByCode($code: String!) {\n    toolByCode(code: $code) {\n      id\n    }\n  }\n"): (typeof documents)["\n  query CliToolByCode($code: String!) {\n    toolByCode(code: $code) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateTool($input: CreateToolInput!) {\n    createTool(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateTool($input: CreateToolInput!) {\n    createTool(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateToolVersion($input: CreateToolVersionInput!) {\n    createToolVersion(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateToolVersion($input: CreateToolVersionInput!) {\n    createToolVersion(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateToolBinding($input: CreateToolBindingInput!) {\n    createToolBinding(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateToolBinding($input: CreateToolBindingInput!) {\n    createToolBinding(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliCreateModelProvider($input: CreateModelProviderInput!) {\n    createModelProvider(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliCreateModelProvider($input: CreateModelProviderInput!) {\n    createModelProvider(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CliApproveNodeRun($id: ID!) {\n    resumeNodeRun(id: $id, input: { decision: APPROVE }) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation CliApproveNodeRun($id: ID!) {\n    resumeNodeRun(id: $id, input: { decision: APPROVE }) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SmokeCreateSession($input: CreateSessionInput!) {\n    createSession(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation SmokeCreateSession($input: CreateSessionInput!) {\n    createSession(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SmokeDispatchRun($input: CreateRunRequestInput!) {\n    dispatchRun(input: $input) {\n      id\n      status\n      errorMessage\n      run {\n        id\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation SmokeDispatchRun($input: CreateRunRequestInput!) {\n    dispatchRun(input: $input) {\n      id\n      status\n      errorMessage\n      run {\n        id\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SmokeCreateTool($input: CreateToolInput!) {\n    createTool(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation SmokeCreateTool($input: CreateToolInput!) {\n    createTool(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SmokeCreateToolVersion($input: CreateToolVersionInput!) {\n    createToolVersion(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation SmokeCreateToolVersion($input: CreateToolVersionInput!) {\n    createToolVersion(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SmokeCreateToolBinding($input: CreateToolBindingInput!) {\n    createToolBinding(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation SmokeCreateToolBinding($input: CreateToolBindingInput!) {\n    createToolBinding(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SmokeCreateSkillVersion($input: CreateSkillVersionInput!) {\n    createSkillVersion(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation SmokeCreateSkillVersion($input: CreateSkillVersionInput!) {\n    createSkillVersion(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SmokeCreateSkillRun($input: CreateSkillRunInput!) {\n    createSkillRun(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation SmokeCreateSkillRun($input: CreateSkillRunInput!) {\n    createSkillRun(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SmokeFinishedRun($id: ID!) {\n    run(id: $id) {\n      status\n      outputText\n      errorCode\n      errorMessage\n      state\n      workflow {\n        name\n        app {\n          name\n        }\n      }\n      nodeRuns(first: 50) {\n        edges {\n          node {\n            path\n            status\n            outputText\n            outputJson\n            errorCode\n          }\n        }\n      }\n      artifacts(first: 50) {\n        edges {\n          node {\n            artifactType\n            sizeBytes\n          }\n        }\n      }\n      traceSpans(first: 100) {\n        edges {\n          node {\n            spanType\n            name\n            status\n            traceId\n            spanId\n            parentSpanId\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query SmokeFinishedRun($id: ID!) {\n    run(id: $id) {\n      status\n      outputText\n      errorCode\n      errorMessage\n      state\n      workflow {\n        name\n        app {\n          name\n        }\n      }\n      nodeRuns(first: 50) {\n        edges {\n          node {\n            path\n            status\n            outputText\n            outputJson\n            errorCode\n          }\n        }\n      }\n      artifacts(first: 50) {\n        edges {\n          node {\n            artifactType\n            sizeBytes\n          }\n        }\n      }\n      traceSpans(first: 100) {\n        edges {\n          node {\n            spanType\n            name\n            status\n            traceId\n            spanId\n            parentSpanId\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription SmokeMessageAdded($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n        content\n        run {\n          id\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription SmokeMessageAdded($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n        content\n        run {\n          id\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SmokeAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {\n    resumeNodeRun(id: $id, input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation SmokeAnswerNodeRun($id: ID!, $input: ResumeNodeRunInput!) {\n    resumeNodeRun(id: $id, input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SmokeUsageOfRun($runId: ID!) {\n    modelUsage(runId: $runId) {\n      calls\n      promptTokens\n    }\n  }\n"): (typeof documents)["\n  query SmokeUsageOfRun($runId: ID!) {\n    modelUsage(runId: $runId) {\n      calls\n      promptTokens\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription AgentRunDeltas($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      path\n      delta\n      reasoningDelta\n    }\n  }\n"): (typeof documents)["\n  subscription AgentRunDeltas($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      path\n      delta\n      reasoningDelta\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription CancelRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      runStatus\n      nodeId\n      nodeStatus\n    }\n  }\n"): (typeof documents)["\n  subscription CancelRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      runStatus\n      nodeId\n      nodeStatus\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription RunEventPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      type\n      runStatus\n      nodeId\n      nodeStatus\n      run {\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription RunEventPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      type\n      runStatus\n      nodeId\n      nodeStatus\n      run {\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription StartRun($input: CreateRunInput!) {\n    startRun(input: $input) {\n      cursor\n      type\n      runStatus\n      nodeStatus\n      run {\n        id\n        workflow {\n          name\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription StartRun($input: CreateRunInput!) {\n    startRun(input: $input) {\n      cursor\n      type\n      runStatus\n      nodeStatus\n      run {\n        id\n        workflow {\n          name\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription LiveRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      type\n      runStatus\n      nodeId\n      nodeStatus\n      delta\n      run {\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription LiveRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      type\n      runStatus\n      nodeId\n      nodeStatus\n      delta\n      run {\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription LiveNodeRunUpdated($runId: ID!, $after: String) {\n    nodeRunUpdated(runId: $runId, after: $after) {\n      cursor\n      status\n      nodeRun {\n        nodeId\n        outputText\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription LiveNodeRunUpdated($runId: ID!, $after: String) {\n    nodeRunUpdated(runId: $runId, after: $after) {\n      cursor\n      status\n      nodeRun {\n        nodeId\n        outputText\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription LiveSpans($runId: ID!, $after: String) {\n    traceSpanRecorded(runId: $runId, after: $after) {\n      cursor\n      span {\n        spanType\n        name\n        status\n        durationMs\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription LiveSpans($runId: ID!, $after: String) {\n    traceSpanRecorded(runId: $runId, after: $after) {\n      cursor\n      span {\n        spanType\n        name\n        status\n        durationMs\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription LiveCompletion($input: ChatCompletionInput!) {\n    chatCompletionStream(input: $input) {\n      delta\n      completion {\n        content\n        finishReason\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription LiveCompletion($input: ChatCompletionInput!) {\n    chatCompletionStream(input: $input) {\n      delta\n      completion {\n        content\n        finishReason\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription OddVendorLive($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      delta\n      reasoningDelta\n    }\n  }\n"): (typeof documents)["\n  subscription OddVendorLive($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      delta\n      reasoningDelta\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription ProcessesRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      type\n      nodeId\n      nodeStatus\n      run {\n        status\n        outputText\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription ProcessesRunEvents($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      type\n      nodeId\n      nodeStatus\n      run {\n        status\n        outputText\n        workflow {\n          name\n          app {\n            name\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProcessesServices {\n    services {\n      name\n      status\n    }\n  }\n"): (typeof documents)["\n  query ProcessesServices {\n    services {\n      name\n      status\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription CanaryEvents($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      delta\n      runStatus\n      nodeRun {\n        input\n        outputText\n        outputJson\n        errorMessage\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription CanaryEvents($runId: ID!) {\n    runEvents(runId: $runId) {\n      type\n      delta\n      runStatus\n      nodeRun {\n        input\n        outputText\n        outputJson\n        errorMessage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription StatementCountMessages($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription StatementCountMessages($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SurvivalExecuteRun($id: ID!) {\n    executeRun(id: $id, input: { workerKey: \"caller\" }) {\n      run {\n        status\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation SurvivalExecuteRun($id: ID!) {\n    executeRun(id: $id, input: { workerKey: \"caller\" }) {\n      run {\n        status\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query KeyedRuns {\n    runs {\n      nodes {\n        id\n        status\n      }\n    }\n  }\n"): (typeof documents)["\n  query KeyedRuns {\n    runs {\n      nodes {\n        id\n        status\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription KeyedPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      runStatus\n    }\n  }\n"): (typeof documents)["\n  subscription KeyedPages($runId: ID!, $after: String) {\n    runEventPages(runId: $runId, after: $after) {\n      cursor\n      runStatus\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription TestRunStatus($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      runStatus\n    }\n  }\n"): (typeof documents)["\n  subscription TestRunStatus($runId: ID!, $after: String) {\n    runEvents(runId: $runId, after: $after) {\n      cursor\n      runStatus\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription OneOfEachMessages($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription OneOfEachMessages($sessionId: ID!, $after: String) {\n    messageAdded(sessionId: $sessionId, after: $after) {\n      cursor\n      message {\n        role\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;