/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** The life of a version; its content never changes. */
export type AgentVersionStatus =
  /** Out of use until it is published again. */
  | 'ARCHIVED'
  /** Not published yet. */
  | 'DRAFT'
  /** Was published; the one that was published last is the published version. */
  | 'PUBLISHED';

/** What a person decides of a call. */
export type ApprovalDecision =
  /** It is made, with the arguments as they were asked, or as the answer changes them. */
  | 'APPROVE'
  /** It is not made: the node fails with APPROVAL_REJECTED, which its on_error may handle. */
  | 'REJECT';

/** What an audit means for security. */
export type AuditEvent =
  /** Audits of queries were dropped, for more came than could be stored; details.count of them. */
  | 'AUDITS_DROPPED'
  /** Who asked could not show who they are. */
  | 'AUTH_FAILED'
  /** A call to an address that is not allowed was blocked, of an operation or of a run's node. */
  | 'EGRESS_BLOCKED'
  /** An API key was made, changed, rotated or revoked. */
  | 'KEY_CHANGED'
  /** A program of a run's node reached a limit of the sandbox. */
  | 'SANDBOX_LIMIT'
  /** A secret was made, changed or deleted, or the secret or the URL of a webhook; of its value nothing is in the row. */
  | 'SECRET_CHANGED'
  /** A key asked for another tenant than its own. */
  | 'TENANT_MISMATCH';

/** What to complete: all of it together at most 4 MiB. Without providerCode the tenant's oldest active provider answers, else the configured one. */
export type ChatCompletionInput = {
  /** Whose call it is, for the ledger of model calls; not sent to the provider. */
  caller?: ModelCallerInput | null | undefined;
  /** Parameters beside those above, as this provider has them, at most 16 KiB; they win over the provider's extraParameters. */
  extraParameters?: Record<string, unknown> | null | undefined;
  /** Sent as Idempotency-Key: 1 to 255 printable ASCII characters. */
  idempotencyKey?: string | null | undefined;
  /** The same for models that count their thoughts with it (max_completion_tokens); where it is given maxTokens is not sent. */
  maxCompletionTokens?: number | null | undefined;
  /** The most tokens to produce: 1 to 10,000,000; the provider's own limit unless given. */
  maxTokens?: number | null | undefined;
  /** The conversation so far: 1 to 1,000 messages. */
  messages: Array<ChatMessageInput>;
  /** The model's name at the provider; its defaultModel unless given. */
  model?: string | null | undefined;
  /** The code of one of the tenant's providers. */
  providerCode?: string | null | undefined;
  /** How much the model is to think, in the words of the provider, such as "low", "medium", "high". */
  reasoningEffort?: string | null | undefined;
  /** As the OpenAI API has it, such as { type: "json_object" }. */
  responseFormat?: Record<string, unknown> | null | undefined;
  /** A whole number: providers that know it give the same answer for the same one. */
  seed?: number | null | undefined;
  /** Texts that end the completion; at most 16. */
  stop?: Array<string> | null | undefined;
  /** 0 to 2; the provider's own unless given. */
  temperature?: number | null | undefined;
  /** How long the whole may take, in seconds, up to 86,400, whenever its first byte comes. Unless given: 300 for an answer that comes whole, of a stream 60 to the first byte (or what the provider's settings say), 60 between two pieces and 600 for all of it. */
  timeoutSeconds?: number | null | undefined;
  /** "auto", "none", "required", or { name } for one function. */
  toolChoice?: unknown;
  /** The functions that the model may call: at most 128. */
  tools?: Array<ChatToolInput> | null | undefined;
  /** 0 to 1; the provider's own unless given. */
  topP?: number | null | undefined;
};

/** One message of a conversation. */
export type ChatMessageInput = {
  /** What is said, of any length within the 4 MiB of the whole; only an ASSISTANT message with toolCalls, and one with contentParts, may have none. */
  content?: string | null | undefined;
  /** Instead of content: parts as the OpenAI API has them, such as { type: "text", text } and { type: "image_url", image_url: { url } }, the url a data: URL or one that the provider can reach. */
  contentParts?: Array<Record<string, unknown>> | null | undefined;
  /** The participant's name, where several have one role. */
  name?: string | null | undefined;
  /** Who says it. */
  role: ChatRole;
  /** TOOL: the call that it answers, of any length within the 4 MiB of the whole; required there. */
  toolCallId?: string | null | undefined;
  /** ASSISTANT: the calls that it made, [{ id, name, arguments }], as completions give them. */
  toolCalls?: unknown;
};

/** Who says a message. */
export type ChatRole =
  /** The model: what it said, or which tools it called. */
  | 'ASSISTANT'
  /** Says how the model is to behave. */
  | 'SYSTEM'
  /** What a tool answered to the call that toolCallId names. */
  | 'TOOL'
  /** Who asks. */
  | 'USER';

/** A function that the model may call. The platform does not call it: the calls are in the completion. */
export type ChatToolInput = {
  /** What it does, for the model. */
  description?: string | null | undefined;
  /** 1 to 64 letters, digits, '_' or '-'. */
  name: string;
  /** JSON Schema of its arguments. */
  parameters: Record<string, unknown>;
};

/** How the members of a team work together. */
export type CoordinationMode =
  /** All at once, then one answer. */
  | 'PARALLEL'
  /** They take turns on one conversation until one is done. */
  | 'ROUND_ROBIN'
  /** Each member works on what the one before it made. */
  | 'SEQUENTIAL'
  /** A supervisor member plans, assigns and concludes. */
  | 'SUPERVISOR';

/** A new agent. */
export type CreateAgentInput = {
  /** A word for clients: 1 to 64 characters. */
  agentType?: string | null | undefined;
  /** Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first. */
  code: string;
  /** For people: up to 5,000 characters. */
  description?: string | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
};

/** Who is asked, and what. */
export type CreateAgentRunInput = {
  /** The agent; NOT_FOUND where there is none. */
  agentId: string | number;
  /** The version that works, a draft too, an archived one not; the published one unless given: CONFLICT where there is none. */
  agentVersionId?: string | number | null | undefined;
  /** True: no model and no tool is called; outputJson says what would have been asked. */
  dryRun?: boolean | null | undefined;
  /** Who executes it: workers, as soon as one is free, or whoever calls executeAgentRun. */
  execution?: RunExecution | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** Shown to the model behind the text: up to 256 KiB. */
  inputJson?: unknown;
  /** What the agent is to do: 1 to 250,000 characters. */
  inputText: string;
  /** The conversation: the agent knows its messages, the input becomes one of the user's, and the answer one of the assistant's; a dry run adds neither. CONFLICT where it is closed. */
  sessionId?: string | number | null | undefined;
  /** The same where it is TEAM. */
  teamId?: string | number | null | undefined;
  /** Whose memories are read and written, where the memory policy's scope is USER. */
  userId?: string | null | undefined;
};

/** A new version of an agent; it is never changed again. */
export type CreateAgentVersionInput = {
  /** The agent. */
  agentId: string | number;
  /** What the agent is there for: up to 10,000 characters. */
  goal?: string | null | undefined;
  /** The most model calls that one run makes: 1 to 500. */
  maxSteps?: number | null | undefined;
  /** What the agent remembers; nothing unless given. */
  memoryPolicy?: MemoryPolicyInput | null | undefined;
  /** The model's name: 1 to 200 characters; the defaultModel of its provider unless given. */
  model?: string | null | undefined;
  /** temperature, maxTokens, topP, responseFormat, ... {} unless given; at most 64 KiB. BAD_USER_INPUT, MODEL_CONFIG_KEY_UNKNOWN for what is none; a provider's own parameters stand in extraParameters. */
  modelConfig?: Record<string, unknown> | null | undefined;
  /** Who the agent is: 1 to 2,000 characters. */
  role: string;
  /** Skills the model may use, at most 128. NOT_FOUND says which one is not there (field and id), CONFLICT, SKILL_ARCHIVED, which one is archived; one that is deleted later stays, with its deletedAt. */
  skillIds?: Array<string | number> | null | undefined;
  /** DRAFT or PUBLISHED. */
  status?: AgentVersionStatus | null | undefined;
  /** What the model is told before anything else: up to 100,000 characters. */
  systemPrompt?: string | null | undefined;
  /** Tool bindings the model may call, at most 128. NOT_FOUND says which one is not there (field and id), CONFLICT, TOOL_ARCHIVED, whose tool is archived; one that is deleted later stays, with its deletedAt. */
  toolBindingIds?: Array<string | number> | null | undefined;
};

/** A new app. */
export type CreateAppInput = {
  /** Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first. */
  code: string;
  /** For people: up to 5,000 characters. */
  description?: string | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
};

/** A new provider. */
export type CreateModelProviderInput = {
  /** Sent as a bearer token. Encrypted, never read back, bound to the origin of baseUrl. Up to 4,096 printable ASCII characters. */
  apiKey?: string | null | undefined;
  /** The header that carries the key as it is, such as api-key; a bearer token in authorization unless given. */
  apiKeyHeader?: string | null | undefined;
  /** An http or https URL without query and credentials, such as https://api.openai.com/v1: up to 2,048 characters. Calls of a private address are refused unless the operator allows it in AGENT_PLATFORM_EGRESS_ALLOW. */
  baseUrl: string;
  /** Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first. */
  code: string;
  /** The model of completions that name none: up to 200 characters. */
  defaultModel?: string | null | undefined;
  /** The model of embeddings that name none: up to 200 characters. */
  embeddingModel?: string | null | undefined;
  /** Parameters of each completion beside those that the graph knows, at most 16 KiB; a request's own extraParameters win over them. */
  extraParameters?: Record<string, unknown> | null | undefined;
  /** The code of another provider: it is asked, for its defaultModel and without the call's extraParameters, when this one is down, is left alone because it was, or takes no more requests. Not for embeddings. */
  fallbackProviderCode?: string | null | undefined;
  /** How long a stream's first byte may take where the call says nothing, in seconds, up to 86,400; 60 unless given. */
  firstByteTimeoutSeconds?: number | null | undefined;
  /** Headers of each request, { name: text }: at most 32, together 16 KiB. Encrypted, never read back, bound to the origin of baseUrl, as apiKey is. */
  headers?: Record<string, unknown> | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
  /** Parameters of the OpenAI API that it refuses, such as stream_options: they are not sent; at most 32. max_tokens goes as max_completion_tokens where only the one is named, and the other way round. What a refusal (400, 422) names of stream_options, max_tokens, max_completion_tokens, temperature, top_p, seed and reasoning_effort is left out by itself. */
  omitParameters?: Array<string> | null | undefined;
  /** What its models cost for a million tokens, { model: { prompt, completion, cached } }, in whatever unit you count in: at most 200 models, '*' for all others; cached as prompt unless given. Calls from then on have a price. */
  prices?: Record<string, unknown> | null | undefined;
  /** Added to the URL of each request, { name: text }, such as { "api-version": "2024-10-21" }: at most 32. Credentials go in headers. */
  query?: Record<string, unknown> | null | undefined;
};

/** What to run: workflowVersionId, or workflowId for its published version; where it has none, CONFLICT, WORKFLOW_VERSION_NOT_PUBLISHED. */
export type CreateRunInput = {
  /** The app, which must be the workflow's; not needed. */
  appId?: string | number | null | undefined;
  /** The app version that the run is for; it does not decide what runs. */
  appVersionId?: string | number | null | undefined;
  /** True: no model, tool or source of documents is called; their nodes say in their output what they would have asked. All other nodes run. */
  dryRun?: boolean | null | undefined;
  /** Who advances it. */
  execution?: RunExecution | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** The node that the run begins with; nodes that cannot be reached from it take no part. */
  initialNode?: InitialNodeInput | null | undefined;
  /** What templates see as input: up to 256 KiB; {} unless given. It fits the version's inputSchema, where it has one: BAD_USER_INPUT, INPUT_INVALID with all problems. */
  input?: Record<string, unknown> | null | undefined;
  /** Outputs by path, of nodes that do not run: up to 1,000, 256 KiB together. A path without numbers, such as each/fetch, is of all items and rounds, one with them, each#2/fetch, of one. A text is output and text of its node; an object is its output; { output, text } says both, { error: { code, message } } fails it. BAD_USER_INPUT, MOCK_PATH_UNKNOWN for what the run does not have. */
  mocks?: Record<string, unknown> | null | undefined;
  /** -100 to 100; each step is worth a second of waiting in the tenant's queue. With -30 a run waits 30 seconds before it may start. */
  priority?: number | null | undefined;
  /** The conversation that gets the run's answer. */
  sessionId?: string | number | null | undefined;
  /** The workflow whose published version runs; beside workflowVersionId it must be the version's. */
  workflowId?: string | number | null | undefined;
  /** The version that runs: drafts too, archived ones not. */
  workflowVersionId?: string | number | null | undefined;
};

/**
 * What runs: workflowVersionId, else the app version's, else that of the app's published version, else the published version of its only workflow; else CONFLICT.
 * message is stored as a USER message of the session, and is input.query of the run whatever input says.
 */
export type CreateRunRequestInput = {
  /** A version of the session's app. */
  appVersionId?: string | number | null | undefined;
  /** Who advances the run. */
  execution?: RunExecution | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first request; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** The node that the run begins with; nodes that cannot be reached from it take no part. */
  initialNode?: InitialNodeInput | null | undefined;
  /** The run's input: {} unless given; together with message up to 256 KiB of JSON. */
  input?: Record<string, unknown> | null | undefined;
  /** What the user says: at least a character; together with input up to 256 KiB of JSON. */
  message?: string | null | undefined;
  /** The conversation. */
  sessionId: string | number;
  /** A version of a workflow of the session's app; drafts too, archived ones not. */
  workflowVersionId?: string | number | null | undefined;
};

/** A new schedule. */
export type CreateScheduleInput = {
  /** Five fields: minute, hour, day of the month, month, day of the week, such as 30 6 * * 1-5; or @hourly, @daily, @weekly, @monthly, @yearly. Fields have *, lists, ranges, steps, names (MON, JAN), L (the last), W (the nearest weekday), MON#1 (the first). */
  cron: string;
  /** What templates see as input: up to 64 KiB; {} unless given. */
  input?: Record<string, unknown> | null | undefined;
  /** What is done about planned times that passed unused. */
  missed?: MissedRuns | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
  /** The workflow whose published version runs: the one that is published at each time. */
  workflowId: string | number;
  /** This version of it runs instead, whatever is published. */
  workflowVersionId?: string | number | null | undefined;
  /** The zone whose clock it goes by, such as Europe/Berlin. */
  zone?: string | null | undefined;
};

/** A new session. */
export type CreateSessionInput = {
  /** The app that the user talks to. */
  appId: string | number;
  /** Where the conversation takes place: 1 to 64 characters. */
  channelType?: string | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first session; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** For people: up to 200 characters. */
  title?: string | null | undefined;
  /** Who talks, as you name your users: 1 to 200 characters. */
  userId: string;
};

/** A new skill. */
export type CreateSkillInput = {
  /** Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first. */
  code: string;
  /** For people: up to 5,000 characters. */
  description?: string | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
  /** A word for clients: 1 to 64 characters. */
  skillType?: string | null | undefined;
};

/** Which skill is used, and with what. */
export type CreateSkillRunInput = {
  /** True: no model and no tool is called; outputJson says what would have been asked. */
  dryRun?: boolean | null | undefined;
  /** Who executes it: workers, as soon as one is free, or whoever calls executeSkillRun. */
  execution?: RunExecution | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** What the skill takes: up to 256 KiB. It fits the version's parameterSchema: BAD_USER_INPUT, SKILL_INPUT_INVALID with all problems. A FOLDER takes { path } of a file to read, or { path, input } of a script to run. */
  input: Record<string, unknown>;
  /** The skill; NOT_FOUND where there is none. */
  skillId: string | number;
  /** The version that is used, a draft too, an archived one not; the published one unless given: CONFLICT where there is none. */
  skillVersionId?: string | number | null | undefined;
};

/** A new version of a skill; it is never changed again. */
export type CreateSkillVersionInput = {
  /** TEMPLATE: { template }. CODE: { language: python or javascript, code }. HTTP: { tool_binding_id, ... }. PROMPT: { prompt, system_prompt?, model? }. At most 256 KiB. The binding of HTTP must be there (NOT_FOUND), and its tool not archived (CONFLICT, TOOL_ARCHIVED). */
  implementation: Record<string, unknown>;
  /** JSON Schema of what the skill gives; {} (anything) unless given. At most 64 KiB. */
  outputSchema?: Record<string, unknown> | null | undefined;
  /** JSON Schema of what the skill takes; {} (anything) unless given. At most 64 KiB. */
  parameterSchema?: Record<string, unknown> | null | undefined;
  /** How the skill is done. */
  runtimeType: SkillRuntimeType;
  /** The skill. */
  skillId: string | number;
  /** DRAFT or PUBLISHED. */
  status?: SkillVersionStatus | null | undefined;
};

/** A new team. */
export type CreateTeamInput = {
  /** Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first. */
  code: string;
  /** For people: up to 5,000 characters. */
  description?: string | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
  /** A word for clients: 1 to 64 characters. */
  teamType?: string | null | undefined;
};

/** Which team is asked, and what. */
export type CreateTeamRunInput = {
  /** True: no model and no tool is called; outputJson says what would have been asked. */
  dryRun?: boolean | null | undefined;
  /** Who executes it: workers, as soon as one is free, or whoever calls executeTeamRun. */
  execution?: RunExecution | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** Shown to the models behind the text: up to 256 KiB. */
  inputJson?: unknown;
  /** What the team is to do: 1 to 250,000 characters. */
  inputText: string;
  /** The conversation: the team knows its messages, the input becomes one of the user's, and the answer one of the assistant's; a dry run adds neither. CONFLICT where it is closed. */
  sessionId?: string | number | null | undefined;
  /** The team; NOT_FOUND where there is none. */
  teamId: string | number;
  /** The version that works, a draft too, an archived one not; the published one unless given: CONFLICT where there is none. */
  teamVersionId?: string | number | null | undefined;
  /** Whose memories are read and written by members whose memory policy's scope is USER. */
  userId?: string | null | undefined;
};

/** A new version of a team; it is never changed again. */
export type CreateTeamVersionInput = {
  /** Settings of the coordination mode; {} unless given. At most 64 KiB. max_rounds, max_turns (model calls of all together, 100), max_total_tokens, and of ROUND_ROBIN judge, a memberKey; other keys are yours. */
  config?: Record<string, unknown> | null | undefined;
  /** SUPERVISOR needs exactly one member with the role supervisor. */
  coordinationMode: CoordinationMode;
  /** 1 to 50 members, in the order in which a SEQUENTIAL team works. */
  members: Array<TeamMemberInput>;
  /** What the team is there for: 1 to 10,000 characters. */
  objective: string;
  /** DRAFT or PUBLISHED. */
  status?: TeamVersionStatus | null | undefined;
  /** The team. */
  teamId: string | number;
};

/** A new binding of a tool. */
export type CreateToolBindingInput = {
  /** base_url, headers, timeout_seconds, and requires_approval (true, or an expression over arguments: a person is asked before a run calls it); {} unless given; at most 64 KiB. Headers that look like credentials (authorization, x-api-key, …) are taken as secretHeaders. */
  config?: Record<string, unknown> | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
  /** { name: value }, at most 64 KiB: encrypted, never read back, and sent only to the origin of the binding's base_url (else of the version's url or base_url). BAD_USER_INPUT where there is none of these. */
  secretHeaders?: Record<string, unknown> | null | undefined;
  /** The tool. */
  toolId: string | number;
  /** The version that is called; left out or null: always the latest. */
  toolVersionId?: string | number | null | undefined;
};

/** A new tool. It can be called once it has a version (or where the caller gives the URL). */
export type CreateToolInput = {
  /** Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first. */
  code: string;
  /** For people and models: up to 5,000 characters. */
  description?: string | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
  /** HTTP. MCP is not available yet. */
  toolType: ToolType;
};

/** A new version of a tool; it is never changed again. */
export type CreateToolVersionInput = {
  /** JSON Schema (2020-12) of the arguments, at most 64 KiB; {} unless given. $ref within the document only. */
  inputSchema?: Record<string, unknown> | null | undefined;
  /** HTTP: url, base_url, path, method (GET unless given), query, headers, body, timeout_seconds; at most 64 KiB. Headers that look like credentials are encrypted and never read back; they need url or base_url beside them. */
  invokeConfig: Record<string, unknown>;
  /** JSON Schema of the answer, at most 64 KiB; {} unless given. */
  outputSchema?: Record<string, unknown> | null | undefined;
  /** The tool. */
  toolId: string | number;
};

/** A new webhook. */
export type CreateWebhookInput = {
  /** What it answers. */
  answer?: WebhookAnswer | null | undefined;
  /** How long OUTPUT waits for the run's end: 1 to 30 seconds. */
  answerSeconds?: number | null | undefined;
  /** The header by which the sender numbers its deliveries, such as x-github-delivery: two with the same make one run. Idempotency-Key unless given. */
  deliveryHeader?: string | null | undefined;
  /** Headers that become part of the run's input, beside content-type and user-agent: up to 20, none that carries credentials. */
  headers?: Array<string> | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
  /** With a signature: the sender's secret, 8 to 500 characters; one is made unless given. */
  secret?: string | null | undefined;
  /** How calls are signed; without it whoever has the URL may call. */
  signature?: WebhookSignatureInput | null | undefined;
  /** The workflow whose published version runs: the one that is published at each call. */
  workflowId: string | number;
  /** This version of it runs instead, whatever is published. */
  workflowVersionId?: string | number | null | undefined;
};

/** A new workflow of an app. */
export type CreateWorkflowInput = {
  /** The app it belongs to. */
  appId: string | number;
  /** Unique in the app: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first. */
  code: string;
  /** For people: up to 5,000 characters. */
  description?: string | null | undefined;
  /** For people: 1 to 200 characters. */
  name: string;
};

/** A new version of a workflow: a DSL document that is never changed again. */
export type CreateWorkflowVersionInput = {
  /** { nodes: [{ id, type, config }], edges: [{ source, target, condition? }] }, at most 1 MiB. */
  dsl: unknown;
  /** DRAFT or PUBLISHED. */
  status?: VersionStatus | null | undefined;
  /** The workflow. */
  workflowId: string | number;
};

/** Who executes, and how far. */
export type ExecuteRunInput = {
  /** The most nodes to execute: 1 to 10,000. */
  maxSteps?: number | null | undefined;
  /** Your own name, stored on the node run: 1 to 200 characters. */
  workerKey: string;
};

/** Why a completion ended. */
export type FinishReason =
  /** The provider withheld the rest. */
  | 'CONTENT_FILTER'
  /** It reached maxTokens, or the model's own limit. */
  | 'LENGTH'
  /** For a reason that only the provider knows (providerFinishReason), or for none that it told: the answer may not be whole. */
  | 'OTHER'
  /** The model was done, or met a stop text. */
  | 'STOP'
  /** The model waits for the tools that it calls. */
  | 'TOOL_CALLS';

/** Whether a service and its database answer. */
export type HealthStatus =
  /** They did not; message says why. */
  | 'DOWN'
  /** It and its database answered within 1 s. */
  | 'UP';

/** A folder in the open Agent Skills format, which becomes the skill's next version: at most 200 files and 3 MiB once unpacked. Give zipBase64 or files. */
export type ImportSkillInput = {
  /** The folder's files. */
  files?: Array<SkillFileInput> | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first version; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** The skill; NOT_FOUND where there is none. */
  skillId: string | number;
  /** DRAFT or PUBLISHED. */
  status?: SkillVersionStatus | null | undefined;
  /** A ZIP archive of the folder, or of what is in it, in base64. */
  zipBase64?: string | null | undefined;
};

/** The node that a run begins with, instead of those that the DSL starts with. */
export type InitialNodeInput = {
  /** The node's id in the DSL; BAD_USER_INPUT when it has none of that id. */
  nodeId: string;
  /** The node's type; BAD_USER_INPUT when the DSL says another. */
  nodeType?: string | null | undefined;
};

/** What an agent remembers; null means the default everywhere. */
export type MemoryPolicyInput = {
  /** { write_importance_score }: a whole number from 0 to 100, the importance of the memories that are written. {} unless given; at most 16 KiB. */
  config?: Record<string, unknown> | null | undefined;
  /** Whether memories are read before a run. */
  enabled?: boolean | null | undefined;
  /** Whose memories are read and written. */
  memoryScope?: MemoryScopeType | null | undefined;
  /** The most memories that are put into the prompt: 0 to 50. */
  readTopK?: number | null | undefined;
  /** Whether a run writes a conversation memory. */
  writeEnabled?: boolean | null | undefined;
};

/** Whose memory it is. */
export type MemoryScopeType =
  /** One agent. */
  | 'AGENT'
  /** One conversation. */
  | 'SESSION'
  /** One team. */
  | 'TEAM'
  /** Everybody of the tenant. */
  | 'TENANT'
  /** One user. */
  | 'USER';

/** Who speaks. */
export type MessageRole =
  /** The app, such as the answer of a run. */
  | 'ASSISTANT'
  /** An instruction or a notice of whoever runs the app. */
  | 'SYSTEM'
  /** What a tool answered. */
  | 'TOOL'
  /** The user of the session. */
  | 'USER';

/** What is done about planned times that passed while no run could be made: the platform was down, a quota was reached, the workflow could not run. */
export type MissedRuns =
  /** One run is made for all of them, as soon as that can be; it is told the last of these times. */
  | 'ONCE'
  /** Nothing, where two minutes have passed since: the next planned time is the next run. */
  | 'SKIP';

/** Whose a call is, for the ledger of model calls. */
export type ModelCallerInput = {
  /** 1 to 900 characters, of the caller's own making: calls with the same one are counted once. None unless given. */
  callId?: string | null | undefined;
  /** The node run that it is made for: up to 900 characters. */
  nodeRunId?: string | number | null | undefined;
  /** The run that it is made for: up to 200 characters. */
  runId?: string | number | null | undefined;
};

/** Where a node run stands. One that is COMPLETED, FAILED, SKIPPED or CANCELLED has finished and never changes. */
export type NodeRunStatus =
  /** Stopped; errorCode says why: RUN_CANCELLED, SIBLING_FAILED or RUN_ENDED. */
  | 'CANCELLED'
  /** Done, with its output. */
  | 'COMPLETED'
  /** Done without success; errorCode says why. Where its on_error handles it, the run goes on. */
  | 'FAILED'
  /** May start; nobody has started it. */
  | 'QUEUED'
  /** Somebody executes it. */
  | 'RUNNING'
  /** No taken edge leads to it. */
  | 'SKIPPED'
  /** Waits for what waitReason says. */
  | 'WAITING';

/** What kind of operation. */
export type OperationType =
  /** It changes something. */
  | 'MUTATION'
  /** It reads. */
  | 'QUERY'
  /** It watches. */
  | 'SUBSCRIPTION'
  /** The document could not be read; or the row is of no operation, but of an event in a run. */
  | 'UNKNOWN';

/** Which audits to list; all that is given must hold. */
export type RequestAuditFilter = {
  /** Those that began at this time or later. */
  createdAfter?: string | null | undefined;
  /** Those that began before this time. */
  createdBefore?: string | null | undefined;
  /** Those with an error of this code. */
  errorCode?: string | null | undefined;
  /** Those that are this event. */
  event?: AuditEvent | null | undefined;
  /** Those of operations with this name. */
  operationName?: string | null | undefined;
  /** Those of one request. */
  requestId?: string | null | undefined;
  /** Those that asked for this root field. */
  rootField?: string | null | undefined;
};

/** The answer to a node run that waits: the output that it is completed with, or of a call that waits for an approval the decision. */
export type ResumeNodeRunInput = {
  /** Of a human-input node with actions: the id of the one that is taken. It is the route on which the run goes on. */
  action?: string | null | undefined;
  /** With APPROVE: the arguments that the call is made with instead of those that NodeRun.waiting shows; an object of up to 64 KiB, checked by the tool's input schema. */
  arguments?: unknown;
  /** Of a call that waits for an approval, and of nothing else: BAD_USER_INPUT, DECISION_NOT_ASKED. */
  decision?: ApprovalDecision | null | undefined;
  /** Its data; of a human-input node what was filled in, which is checked by its form; of an if-else node with its route, of an assigner with its state_updates. The whole request may have 4 MiB. */
  outputJson?: unknown;
  /** Its text; the whole request may have 4 MiB. */
  outputText?: string | null | undefined;
  /** With a decision: why, for people; up to 1,000 characters. */
  reason?: string | null | undefined;
};

/** What an event tells. */
export type RunEventType =
  /** A node has just produced text. Live only: neither stored nor replayed. */
  | 'NODE_DELTA'
  /** A node run's status changed. */
  | 'NODE_STATUS'
  /** The run's status changed. */
  | 'RUN_STATUS'
  /** A call that a node made has ended. */
  | 'SPAN';

/** Who advances a run. */
export type RunExecution =
  /** Only the execute… mutations and executors outside the platform advance it. */
  | 'MANUAL'
  /** Any worker takes it; while one owns it the execute… mutations are refused with CONFLICT, RUN_OWNED. */
  | 'WORKERS';

/** What a run executes. */
export type RunKind =
  /** A version of an agent. */
  | 'AGENT'
  /** Not available yet. */
  | 'SKILL'
  /** A version of a team. */
  | 'TEAM'
  /** A version of a workflow. */
  | 'WORKFLOW';

/** How far a run request has come. */
export type RunRequestStatus =
  /** Its run was created. */
  | 'DISPATCHED'
  /** The runtime refused the run for good; errorMessage says why. */
  | 'FAILED'
  /** Recorded; dispatchRunRequest starts its run. */
  | 'PENDING';

/** Where a run stands. A run that is COMPLETED, FAILED or CANCELLED has finished and never changes. */
export type RunStatus =
  /** It was cancelled. */
  | 'CANCELLED'
  /** Every node is completed or skipped, or failed with an error that was handled: Run.handledErrors says how many. */
  | 'COMPLETED'
  /** A node failed, nothing handled it, and its siblings have stopped; or the run took longer than its document's timeout_seconds. */
  | 'FAILED'
  /** Nobody has begun it, or its next nodes are queued and nobody owns it. */
  | 'QUEUED'
  /** A node runs or may run. */
  | 'RUNNING'
  /** All that is left waits: for a person, a callback, a timer, or the pause before another attempt. */
  | 'WAITING';

/** What is said to an agent while it works. */
export type SendAgentInputInput = {
  /** 1 to 200 characters. Said again with the same one it counts once, and is answered so after the agent's end too; another text is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** The node run of the agent, where the run is not an agent's own: that of a node of type agent, of a member of a team, or of a team that a supervisor leads. */
  nodeRunId?: string | number | null | undefined;
  /** 1 to 250,000 characters. */
  text: string;
};

/** How the bytes of a signature are written. */
export type SignatureEncoding =
  /** Base64. */
  | 'BASE64'
  /** Hexadecimal digits. */
  | 'HEX';

/** One file of a skill's folder. */
export type SkillFileInput = {
  /** What is in it, in base64. */
  contentBase64: string;
  /** Where it is in the folder, with / between the parts, such as scripts/sum.py: 1 to 200 characters. */
  path: string;
};

/** How a skill is done. */
export type SkillRuntimeType =
  /** Sandboxed Python or JavaScript. */
  | 'CODE'
  /** A folder with a SKILL.md: instructions that an agent reads when it needs them, files beside them, and scripts. importSkill makes such versions. */
  | 'FOLDER'
  /** A tool binding. */
  | 'HTTP'
  /** One model call. */
  | 'PROMPT'
  /** Text with $name and ${name}. */
  | 'TEMPLATE';

/** The life of a version; its content never changes. */
export type SkillVersionStatus =
  /** Out of use until it is published again. */
  | 'ARCHIVED'
  /** Not published yet. */
  | 'DRAFT'
  /** Was published; the one that was published last is the published version. */
  | 'PUBLISHED';

/** How it went. */
export type SpanStatus =
  /** It failed, or was stopped. */
  | 'ERROR'
  /** It went well. */
  | 'OK'
  /** It goes on. */
  | 'UNSET';

/** Why executing a run stopped. */
export type StopReason =
  /** The run has finished. */
  | 'FINISHED'
  /** maxSteps nodes have run; the run is QUEUED and can be executed on. */
  | 'MAX_STEPS'
  /** All that is left waits. */
  | 'WAITING';

/** An agent's place in a team. */
export type TeamMemberInput = {
  /** The agent. NOT_FOUND says which one is not there (field and id); one that is deleted later stays, with its deletedAt. */
  agentId: string | number;
  /** Unique in the version: 1 to 64 letters, digits, '_' or '-'; not model, tool, input, compact, memory or member. */
  memberKey: string;
  /** What the member takes care of: up to 5,000 characters. */
  responsibility?: string | null | undefined;
  /** supervisor, planner, executor, ...: 1 to 200 characters. */
  role: string;
};

/** The life of a version; its content never changes. */
export type TeamVersionStatus =
  /** Out of use until it is published again. */
  | 'ARCHIVED'
  /** Not published yet. */
  | 'DRAFT'
  /** Was published; the one that was published last is the published version. */
  | 'PUBLISHED';

/** How a tool is called. */
export type ToolType =
  /** By one HTTP request. */
  | 'HTTP'
  /** Not available yet: BAD_USER_INPUT, NOT_AVAILABLE. */
  | 'MCP';

/** Whether a schedule or a webhook makes runs. */
export type TriggerStatus =
  /** It does. */
  | 'ACTIVE'
  /** It does not until it is resumed: a schedule is not due, a webhook is not there. */
  | 'PAUSED';

/** The life of a version; its content never changes. */
export type VersionStatus =
  /** Starts no run until it is published again; runs in flight go on. App versions are never archived. */
  | 'ARCHIVED'
  /** Not published yet. A draft of a workflow runs where its id is given. */
  | 'DRAFT'
  /** Was published; the one that was published last is the published version. */
  | 'PUBLISHED';

/** For what a node run may wait that somebody outside can answer. */
export type WaitReason =
  /** A person is to approve of a call. */
  | 'APPROVAL'
  /** A machine is to call a URL. */
  | 'CALLBACK'
  /** Nobody knows whether an at_most_once call took effect; a person is to find out. */
  | 'OUTCOME_UNKNOWN'
  /** A person is to fill in a form, or take an action. */
  | 'PERSON';

/** Which node runs that wait; all that is given must hold. */
export type WaitingNodeRunFilter = {
  /** Only those of this app's runs. */
  appId?: string | number | null | undefined;
  /** Only those that ask this person, among others. */
  assignee?: string | null | undefined;
  /** Only those whose wait ends by itself before this time. */
  deadlineBefore?: string | null | undefined;
  /** Only those that wait for one of these; an empty list: none. */
  reasons?: Array<WaitReason> | null | undefined;
  /** Only those of this run. */
  runId?: string | number | null | undefined;
};

/** What a webhook answers whoever called it. */
export type WebhookAnswer =
  /** 202 with { runId }, as soon as the run is made. */
  | 'AT_ONCE'
  /** 200 with the run's output, where it ends in time; else as AT_ONCE. */
  | 'OUTPUT';

/** How calls are signed: HMAC-SHA256 with the webhook's secret. GitHub: header x-hub-signature-256, prefix sha256=. Stripe: header stripe-signature, prefix v1=, signedText {timestamp}.{body}. Slack: header x-slack-signature, prefix v0=, signedText v0:{timestamp}:{body}, timestampHeader x-slack-request-timestamp. */
export type WebhookSignatureInput = {
  /** How its bytes are written. */
  encoding?: SignatureEncoding | null | undefined;
  /** The header with the signature. */
  header: string;
  /** What stands before it in the header, such as sha256=; up to 50 characters, nothing unless given. */
  prefix?: string | null | undefined;
  /** What is signed: {body}, which stands there unless given, with {timestamp} and {id} (that of deliveryHeader) where the sender signs them too; up to 200 characters. */
  signedText?: string | null | undefined;
  /** The header with the time, in seconds since 1970; unless given it stands as t= beside the signature. */
  timestampHeader?: string | null | undefined;
  /** How old, in seconds, what was signed may be: 1 to 86,400; 300 unless given, where signedText has {timestamp}. */
  toleranceSeconds?: number | null | undefined;
};

export type CliAppByCodeQueryVariables = Exact<{
  code: string;
}>;


export type CliAppByCodeQuery = { appByCode: { id: string } | null };

export type CliCreateAppMutationVariables = Exact<{
  input: CreateAppInput;
}>;


export type CliCreateAppMutation = { createApp: { id: string } | null };

export type CliWorkflowByCodeQueryVariables = Exact<{
  appId: string | number;
  code: string;
}>;


export type CliWorkflowByCodeQuery = { workflowByCode: { id: string, latestVersion: { id: string, dsl: unknown } | null } | null };

export type CliCreateWorkflowMutationVariables = Exact<{
  input: CreateWorkflowInput;
}>;


export type CliCreateWorkflowMutation = { createWorkflow: { id: string } | null };

export type CliCreateWorkflowVersionMutationVariables = Exact<{
  input: CreateWorkflowVersionInput;
}>;


export type CliCreateWorkflowVersionMutation = { createWorkflowVersion: { id: string } | null };

export type CliCreateRunMutationVariables = Exact<{
  input: CreateRunInput;
}>;


export type CliCreateRunMutation = { createRun: { id: string } | null };

export type CliExecuteRunMutationVariables = Exact<{
  id: string | number;
  input: ExecuteRunInput;
}>;


export type CliExecuteRunMutation = { executeRun: { stopReason: StopReason } | null };

export type CliCancelRunMutationVariables = Exact<{
  id: string | number;
  reason?: string | null | undefined;
}>;


export type CliCancelRunMutation = { cancelRun: { id: string } | null };

export type CliTestedRunQueryVariables = Exact<{
  id: string | number;
  first: number;
  after?: string | null | undefined;
}>;


export type CliTestedRunQuery = { run: { status: RunStatus, outputText: string | null, outputJson: unknown, state: Record<string, unknown>, errorCode: string | null, errorMessage: string | null, handledErrors: number, nodeRuns: { nodes: Array<{ path: string, nodeType: string, status: NodeRunStatus, isMocked: boolean, outputText: string | null, outputJson: unknown, errorCode: string | null, errorMessage: string | null, childRun: { id: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type CliAgentByCodeQueryVariables = Exact<{
  code: string;
}>;


export type CliAgentByCodeQuery = { agentByCode: { id: string } | null };

export type CliCreateAgentMutationVariables = Exact<{
  input: CreateAgentInput;
}>;


export type CliCreateAgentMutation = { createAgent: { id: string } | null };

export type CliCreateAgentVersionMutationVariables = Exact<{
  input: CreateAgentVersionInput;
}>;


export type CliCreateAgentVersionMutation = { createAgentVersion: { id: string } | null };

export type CliSkillByCodeQueryVariables = Exact<{
  code: string;
}>;


export type CliSkillByCodeQuery = { skillByCode: { id: string, publishedVersion: { parameterSchema: Record<string, unknown> } | null } | null };

export type CliCreateSkillMutationVariables = Exact<{
  input: CreateSkillInput;
}>;


export type CliCreateSkillMutation = { createSkill: { id: string } | null };

export type CliImportSkillMutationVariables = Exact<{
  input: ImportSkillInput;
}>;


export type CliImportSkillMutation = { importSkill: { id: string, version: number, status: SkillVersionStatus } | null };

export type CliTeamByCodeQueryVariables = Exact<{
  code: string;
}>;


export type CliTeamByCodeQuery = { teamByCode: { id: string } | null };

export type CliCreateTeamMutationVariables = Exact<{
  input: CreateTeamInput;
}>;


export type CliCreateTeamMutation = { createTeam: { id: string } | null };

export type CliCreateTeamVersionMutationVariables = Exact<{
  input: CreateTeamVersionInput;
}>;


export type CliCreateTeamVersionMutation = { createTeamVersion: { id: string } | null };

export type CliCreateSkillRunMutationVariables = Exact<{
  input: CreateSkillRunInput;
}>;


export type CliCreateSkillRunMutation = { createSkillRun: { id: string } | null };

export type CliCreateTeamRunMutationVariables = Exact<{
  input: CreateTeamRunInput;
}>;


export type CliCreateTeamRunMutation = { createTeamRun: { id: string } | null };

export type CliCreateAgentRunMutationVariables = Exact<{
  input: CreateAgentRunInput;
}>;


export type CliCreateAgentRunMutation = { createAgentRun: { id: string } | null };

export type CliCreateSessionMutationVariables = Exact<{
  input: CreateSessionInput;
}>;


export type CliCreateSessionMutation = { createSession: { id: string } | null };

export type CliRunEventPagesSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type CliRunEventPagesSubscription = { runEventPages: Array<{ cursor: string, type: RunEventType, occurredAt: string, runStatus: RunStatus | null, path: string | null, nodeStatus: NodeRunStatus | null, attempt: number | null, delta: string | null, nodeRun: { nodeType: string, startedAt: string | null, endedAt: string | null, errorMessage: string | null } | null }> | null };

export type CliRunResultQueryVariables = Exact<{
  id: string | number;
}>;


export type CliRunResultQuery = { run: { id: string, kind: RunKind, status: RunStatus, outputText: string | null, outputJson: unknown, errorCode: string | null, errorMessage: string | null, startedAt: string | null, endedAt: string | null } | null };

export type CliRunLineQueryVariables = Exact<{
  id: string | number;
}>;


export type CliRunLineQuery = { run: { line: { ahead: number, places: number, taken: number, heldBy: { id: string } | null } | null } | null };

export type CliWaitingNodesQueryVariables = Exact<{
  id: string | number;
}>;


export type CliWaitingNodesQuery = { run: { status: RunStatus, nodeRuns: { edges: Array<{ node: { path: string, attempt: number, waitReason: string | null } }> } } | null };

export type CliAuditPageQueryVariables = Exact<{
  filter?: RequestAuditFilter | null | undefined;
  last: number;
  before?: string | null | undefined;
}>;


export type CliAuditPageQuery = { requestAudits: { nodes: Array<{ id: string, requestId: string, apiKeyId: string | null, operationName: string | null, operationType: OperationType, operationHash: string, rootFields: Array<string>, variables: Record<string, unknown> | null, statusCode: number, errorCodes: Array<string>, durationMs: number, clientIp: string | null, userAgent: string | null, event: AuditEvent | null, details: Record<string, unknown> | null, createdAt: string }>, pageInfo: { hasPreviousPage: boolean, startCursor: string | null } } | null };

export type CliWaitingNodeRunsQueryVariables = Exact<{
  filter?: WaitingNodeRunFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type CliWaitingNodeRunsQuery = { waitingNodeRuns: { nodes: Array<{ id: string, waiting: { reason: string, text: string | null, form: Record<string, unknown> | null, assignees: Array<string>, deadline: string | null, toolName: string | null, arguments: Record<string, unknown> | null, actions: Array<{ id: string, label: string }> } | null, parent: { nodeId: string, nodeType: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type CliAskedQuestionQueryVariables = Exact<{
  id: string | number;
}>;


export type CliAskedQuestionQuery = { nodeRun: { id: string, status: NodeRunStatus, answeredBy: string | null, waiting: { reason: string, text: string | null, form: Record<string, unknown> | null, assignees: Array<string>, deadline: string | null, toolName: string | null, arguments: Record<string, unknown> | null, actions: Array<{ id: string, label: string }> } | null, parent: { nodeId: string, nodeType: string } | null } | null };

export type CliAskerFragment = { parent: { nodeId: string, nodeType: string } | null };

export type CliQuestionFragment = { reason: string, text: string | null, form: Record<string, unknown> | null, assignees: Array<string>, deadline: string | null, toolName: string | null, arguments: Record<string, unknown> | null, actions: Array<{ id: string, label: string }> };

export type CliAnswerNodeRunMutationVariables = Exact<{
  id: string | number;
  input: ResumeNodeRunInput;
}>;


export type CliAnswerNodeRunMutation = { resumeNodeRun: { id: string, status: NodeRunStatus, answeredBy: string | null, answeredAt: string | null, run: { id: string, status: RunStatus } } | null };

export type CliSchedulesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type CliSchedulesQuery = { schedules: { nodes: Array<{ id: string, name: string, status: TriggerStatus, cron: string, zone: string, nextAt: string | null, lastError: { reason: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type CliCreateScheduleMutationVariables = Exact<{
  input: CreateScheduleInput;
}>;


export type CliCreateScheduleMutation = { createSchedule: { id: string, name: string, status: TriggerStatus, cron: string, zone: string, nextAt: string | null, lastError: { reason: string } | null } | null };

export type CliPauseScheduleMutationVariables = Exact<{
  id: string | number;
}>;


export type CliPauseScheduleMutation = { schedule: { id: string, name: string, status: TriggerStatus, cron: string, zone: string, nextAt: string | null, lastError: { reason: string } | null } | null };

export type CliResumeScheduleMutationVariables = Exact<{
  id: string | number;
}>;


export type CliResumeScheduleMutation = { schedule: { id: string, name: string, status: TriggerStatus, cron: string, zone: string, nextAt: string | null, lastError: { reason: string } | null } | null };

export type CliDeleteScheduleMutationVariables = Exact<{
  id: string | number;
}>;


export type CliDeleteScheduleMutation = { schedule: { id: string, name: string, status: TriggerStatus, cron: string, zone: string, nextAt: string | null, lastError: { reason: string } | null } | null };

export type CliWebhooksQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type CliWebhooksQuery = { webhooks: { nodes: Array<{ id: string, name: string, status: TriggerStatus, answer: WebhookAnswer, signature: { header: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type CliCreateWebhookMutationVariables = Exact<{
  input: CreateWebhookInput;
}>;


export type CliCreateWebhookMutation = { createWebhook: { url: string | null, secret: string | null, webhook: { id: string, name: string, status: TriggerStatus, answer: WebhookAnswer, signature: { header: string } | null } } | null };

export type CliDeleteWebhookMutationVariables = Exact<{
  id: string | number;
}>;


export type CliDeleteWebhookMutation = { webhook: { id: string, name: string } | null };

export type CliSendAgentInputMutationVariables = Exact<{
  runId: string | number;
  input: SendAgentInputInput;
}>;


export type CliSendAgentInputMutation = { sendAgentInput: { id: string } | null };

export type CliToolByCodeQueryVariables = Exact<{
  code: string;
}>;


export type CliToolByCodeQuery = { toolByCode: { id: string } | null };

export type CliCreateToolMutationVariables = Exact<{
  input: CreateToolInput;
}>;


export type CliCreateToolMutation = { createTool: { id: string } | null };

export type CliCreateToolVersionMutationVariables = Exact<{
  input: CreateToolVersionInput;
}>;


export type CliCreateToolVersionMutation = { createToolVersion: { id: string } | null };

export type CliCreateToolBindingMutationVariables = Exact<{
  input: CreateToolBindingInput;
}>;


export type CliCreateToolBindingMutation = { createToolBinding: { id: string } | null };

export type CliCreateModelProviderMutationVariables = Exact<{
  input: CreateModelProviderInput;
}>;


export type CliCreateModelProviderMutation = { createModelProvider: { id: string } | null };

export type CliApproveNodeRunMutationVariables = Exact<{
  id: string | number;
}>;


export type CliApproveNodeRunMutation = { resumeNodeRun: { id: string } | null };

export type SmokeCreateSessionMutationVariables = Exact<{
  input: CreateSessionInput;
}>;


export type SmokeCreateSessionMutation = { createSession: { id: string } | null };

export type SmokeDispatchRunMutationVariables = Exact<{
  input: CreateRunRequestInput;
}>;


export type SmokeDispatchRunMutation = { dispatchRun: { id: string, status: RunRequestStatus, errorMessage: string | null, run: { id: string } | null } | null };

export type SmokeCreateToolMutationVariables = Exact<{
  input: CreateToolInput;
}>;


export type SmokeCreateToolMutation = { createTool: { id: string } | null };

export type SmokeCreateToolVersionMutationVariables = Exact<{
  input: CreateToolVersionInput;
}>;


export type SmokeCreateToolVersionMutation = { createToolVersion: { id: string } | null };

export type SmokeCreateToolBindingMutationVariables = Exact<{
  input: CreateToolBindingInput;
}>;


export type SmokeCreateToolBindingMutation = { createToolBinding: { id: string } | null };

export type SmokeCreateSkillVersionMutationVariables = Exact<{
  input: CreateSkillVersionInput;
}>;


export type SmokeCreateSkillVersionMutation = { createSkillVersion: { id: string } | null };

export type SmokeCreateSkillRunMutationVariables = Exact<{
  input: CreateSkillRunInput;
}>;


export type SmokeCreateSkillRunMutation = { createSkillRun: { id: string } | null };

export type SmokeFinishedRunQueryVariables = Exact<{
  id: string | number;
}>;


export type SmokeFinishedRunQuery = { run: { status: RunStatus, outputText: string | null, errorCode: string | null, errorMessage: string | null, state: Record<string, unknown>, workflow: { name: string, app: { name: string } } | null, nodeRuns: { edges: Array<{ node: { path: string, status: NodeRunStatus, outputText: string | null, outputJson: unknown, errorCode: string | null } }> }, artifacts: { edges: Array<{ node: { artifactType: string, sizeBytes: number } }> }, traceSpans: { edges: Array<{ node: { spanType: string, name: string, status: SpanStatus, traceId: string, spanId: string, parentSpanId: string | null } }> } } | null };

export type SmokeMessageAddedSubscriptionVariables = Exact<{
  sessionId: string | number;
  after?: string | null | undefined;
}>;


export type SmokeMessageAddedSubscription = { messageAdded: { cursor: string, message: { role: MessageRole, content: string, run: { id: string } | null } } };

export type SmokeAnswerNodeRunMutationVariables = Exact<{
  id: string | number;
  input: ResumeNodeRunInput;
}>;


export type SmokeAnswerNodeRunMutation = { resumeNodeRun: { id: string } | null };

export type SmokeUsageOfRunQueryVariables = Exact<{
  runId: string | number;
}>;


export type SmokeUsageOfRunQuery = { modelUsage: Array<{ calls: number, promptTokens: number }> | null };

export type AgentRunDeltasSubscriptionVariables = Exact<{
  runId: string | number;
}>;


export type AgentRunDeltasSubscription = { runEvents: { type: RunEventType, path: string | null, delta: string | null, reasoningDelta: string | null } };

export type CancelRunEventsSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type CancelRunEventsSubscription = { runEvents: { cursor: string, runStatus: RunStatus | null, nodeId: string | null, nodeStatus: NodeRunStatus | null } };

export type RunEventPagesSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type RunEventPagesSubscription = { runEventPages: Array<{ cursor: string, type: RunEventType, runStatus: RunStatus | null, nodeId: string | null, nodeStatus: NodeRunStatus | null, run: { workflow: { name: string, app: { name: string } } | null } }> | null };

export type StartRunSubscriptionVariables = Exact<{
  input: CreateRunInput;
}>;


export type StartRunSubscription = { startRun: { cursor: string, type: RunEventType, runStatus: RunStatus | null, nodeStatus: NodeRunStatus | null, run: { id: string, workflow: { name: string } | null } } | null };

export type LiveRunEventsSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type LiveRunEventsSubscription = { runEvents: { cursor: string, type: RunEventType, runStatus: RunStatus | null, nodeId: string | null, nodeStatus: NodeRunStatus | null, delta: string | null, run: { workflow: { name: string, app: { name: string } } | null } } };

export type LiveNodeRunUpdatedSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type LiveNodeRunUpdatedSubscription = { nodeRunUpdated: { cursor: string, status: NodeRunStatus, nodeRun: { nodeId: string, outputText: string | null } } };

export type LiveSpansSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type LiveSpansSubscription = { traceSpanRecorded: { cursor: string, span: { spanType: string, name: string, status: SpanStatus, durationMs: number | null } } };

export type LiveCompletionSubscriptionVariables = Exact<{
  input: ChatCompletionInput;
}>;


export type LiveCompletionSubscription = { chatCompletionStream: { delta: string | null, completion: { content: string | null, finishReason: FinishReason } | null } };

export type OddVendorLiveSubscriptionVariables = Exact<{
  runId: string | number;
}>;


export type OddVendorLiveSubscription = { runEvents: { type: RunEventType, delta: string | null, reasoningDelta: string | null } };

export type ProcessesRunEventsSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type ProcessesRunEventsSubscription = { runEvents: { cursor: string, type: RunEventType, nodeId: string | null, nodeStatus: NodeRunStatus | null, run: { status: RunStatus, outputText: string | null, workflow: { name: string, app: { name: string } } | null } } };

export type ProcessesServicesQueryVariables = Exact<{ [key: string]: never; }>;


export type ProcessesServicesQuery = { services: Array<{ name: string, status: HealthStatus }> | null };

export type CanaryEventsSubscriptionVariables = Exact<{
  runId: string | number;
}>;


export type CanaryEventsSubscription = { runEvents: { type: RunEventType, delta: string | null, runStatus: RunStatus | null, nodeRun: { input: unknown, outputText: string | null, outputJson: unknown, errorMessage: string | null } | null } };

export type StatementCountMessagesSubscriptionVariables = Exact<{
  sessionId: string | number;
  after?: string | null | undefined;
}>;


export type StatementCountMessagesSubscription = { messageAdded: { cursor: string, message: { role: MessageRole } } };

export type SurvivalExecuteRunMutationVariables = Exact<{
  id: string | number;
}>;


export type SurvivalExecuteRunMutation = { executeRun: { run: { status: RunStatus } } | null };

export type KeyedRunsQueryVariables = Exact<{ [key: string]: never; }>;


export type KeyedRunsQuery = { runs: { nodes: Array<{ id: string, status: RunStatus }> } | null };

export type KeyedPagesSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type KeyedPagesSubscription = { runEventPages: Array<{ cursor: string, runStatus: RunStatus | null }> | null };

export type TestRunStatusSubscriptionVariables = Exact<{
  runId: string | number;
  after?: string | null | undefined;
}>;


export type TestRunStatusSubscription = { runEvents: { cursor: string, runStatus: RunStatus | null } };

export type OneOfEachMessagesSubscriptionVariables = Exact<{
  sessionId: string | number;
  after?: string | null | undefined;
}>;


export type OneOfEachMessagesSubscription = { messageAdded: { cursor: string, message: { role: MessageRole } } };

export const CliAskerFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CliAsker"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"NodeRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"parent"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"nodeType"}}]}}]}}]} as unknown as DocumentNode<CliAskerFragment, unknown>;
export const CliQuestionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CliQuestion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"NodeRunWaiting"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"form"}},{"kind":"Field","name":{"kind":"Name","value":"assignees"}},{"kind":"Field","name":{"kind":"Name","value":"actions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"label"}}]}},{"kind":"Field","name":{"kind":"Name","value":"deadline"}},{"kind":"Field","name":{"kind":"Name","value":"toolName"}},{"kind":"Field","name":{"kind":"Name","value":"arguments"}}]}}]} as unknown as DocumentNode<CliQuestionFragment, unknown>;
export const CliAppByCodeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliAppByCode"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"code"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"appByCode"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"code"},"value":{"kind":"Variable","name":{"kind":"Name","value":"code"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliAppByCodeQuery, CliAppByCodeQueryVariables>;
export const CliCreateAppDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateApp"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateAppInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createApp"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateAppMutation, CliCreateAppMutationVariables>;
export const CliWorkflowByCodeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliWorkflowByCode"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"appId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"code"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"workflowByCode"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"appId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"appId"}}},{"kind":"Argument","name":{"kind":"Name","value":"code"},"value":{"kind":"Variable","name":{"kind":"Name","value":"code"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"latestVersion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"dsl"}}]}}]}}]}}]} as unknown as DocumentNode<CliWorkflowByCodeQuery, CliWorkflowByCodeQueryVariables>;
export const CliCreateWorkflowDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateWorkflow"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateWorkflowInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createWorkflow"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateWorkflowMutation, CliCreateWorkflowMutationVariables>;
export const CliCreateWorkflowVersionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateWorkflowVersion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateWorkflowVersionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createWorkflowVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateWorkflowVersionMutation, CliCreateWorkflowVersionMutationVariables>;
export const CliCreateRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateRunMutation, CliCreateRunMutationVariables>;
export const CliExecuteRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliExecuteRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ExecuteRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"executeRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stopReason"}}]}}]}}]} as unknown as DocumentNode<CliExecuteRunMutation, CliExecuteRunMutationVariables>;
export const CliCancelRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCancelRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"reason"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"reason"},"value":{"kind":"Variable","name":{"kind":"Name","value":"reason"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCancelRunMutation, CliCancelRunMutationVariables>;
export const CliTestedRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliTestedRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"outputText"}},{"kind":"Field","name":{"kind":"Name","value":"outputJson"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"errorCode"}},{"kind":"Field","name":{"kind":"Name","value":"errorMessage"}},{"kind":"Field","name":{"kind":"Name","value":"handledErrors"}},{"kind":"Field","name":{"kind":"Name","value":"nodeRuns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"nodeType"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"isMocked"}},{"kind":"Field","name":{"kind":"Name","value":"childRun"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"outputText"}},{"kind":"Field","name":{"kind":"Name","value":"outputJson"}},{"kind":"Field","name":{"kind":"Name","value":"errorCode"}},{"kind":"Field","name":{"kind":"Name","value":"errorMessage"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CliTestedRunQuery, CliTestedRunQueryVariables>;
export const CliAgentByCodeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliAgentByCode"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"code"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"agentByCode"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"code"},"value":{"kind":"Variable","name":{"kind":"Name","value":"code"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliAgentByCodeQuery, CliAgentByCodeQueryVariables>;
export const CliCreateAgentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateAgent"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateAgentInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createAgent"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateAgentMutation, CliCreateAgentMutationVariables>;
export const CliCreateAgentVersionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateAgentVersion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateAgentVersionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createAgentVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateAgentVersionMutation, CliCreateAgentVersionMutationVariables>;
export const CliSkillByCodeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliSkillByCode"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"code"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"skillByCode"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"code"},"value":{"kind":"Variable","name":{"kind":"Name","value":"code"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"publishedVersion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}}]}}]}}]}}]} as unknown as DocumentNode<CliSkillByCodeQuery, CliSkillByCodeQueryVariables>;
export const CliCreateSkillDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateSkill"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateSkillInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createSkill"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateSkillMutation, CliCreateSkillMutationVariables>;
export const CliImportSkillDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliImportSkill"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ImportSkillInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"importSkill"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]} as unknown as DocumentNode<CliImportSkillMutation, CliImportSkillMutationVariables>;
export const CliTeamByCodeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliTeamByCode"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"code"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"teamByCode"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"code"},"value":{"kind":"Variable","name":{"kind":"Name","value":"code"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliTeamByCodeQuery, CliTeamByCodeQueryVariables>;
export const CliCreateTeamDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateTeam"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateTeamInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createTeam"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateTeamMutation, CliCreateTeamMutationVariables>;
export const CliCreateTeamVersionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateTeamVersion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateTeamVersionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createTeamVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateTeamVersionMutation, CliCreateTeamVersionMutationVariables>;
export const CliCreateSkillRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateSkillRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateSkillRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createSkillRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateSkillRunMutation, CliCreateSkillRunMutationVariables>;
export const CliCreateTeamRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateTeamRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateTeamRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createTeamRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateTeamRunMutation, CliCreateTeamRunMutationVariables>;
export const CliCreateAgentRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateAgentRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateAgentRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createAgentRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateAgentRunMutation, CliCreateAgentRunMutationVariables>;
export const CliCreateSessionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateSession"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateSessionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createSession"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateSessionMutation, CliCreateSessionMutationVariables>;
export const CliRunEventPagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"CliRunEventPages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEventPages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"occurredAt"}},{"kind":"Field","name":{"kind":"Name","value":"runStatus"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"nodeStatus"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"delta"}},{"kind":"Field","name":{"kind":"Name","value":"nodeRun"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodeType"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"errorMessage"}}]}}]}}]}}]} as unknown as DocumentNode<CliRunEventPagesSubscription, CliRunEventPagesSubscriptionVariables>;
export const CliRunResultDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliRunResult"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"outputText"}},{"kind":"Field","name":{"kind":"Name","value":"outputJson"}},{"kind":"Field","name":{"kind":"Name","value":"errorCode"}},{"kind":"Field","name":{"kind":"Name","value":"errorMessage"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}}]}}]}}]} as unknown as DocumentNode<CliRunResultQuery, CliRunResultQueryVariables>;
export const CliRunLineDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliRunLine"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"line"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"ahead"}},{"kind":"Field","name":{"kind":"Name","value":"places"}},{"kind":"Field","name":{"kind":"Name","value":"taken"}},{"kind":"Field","name":{"kind":"Name","value":"heldBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CliRunLineQuery, CliRunLineQueryVariables>;
export const CliWaitingNodesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliWaitingNodes"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"nodeRuns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"status"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"WAITING"}]}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"200"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitReason"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<CliWaitingNodesQuery, CliWaitingNodesQueryVariables>;
export const CliAuditPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliAuditPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"RequestAuditFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestAudits"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"apiKeyId"}},{"kind":"Field","name":{"kind":"Name","value":"operationName"}},{"kind":"Field","name":{"kind":"Name","value":"operationType"}},{"kind":"Field","name":{"kind":"Name","value":"operationHash"}},{"kind":"Field","name":{"kind":"Name","value":"rootFields"}},{"kind":"Field","name":{"kind":"Name","value":"variables"}},{"kind":"Field","name":{"kind":"Name","value":"statusCode"}},{"kind":"Field","name":{"kind":"Name","value":"errorCodes"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}},{"kind":"Field","name":{"kind":"Name","value":"clientIp"}},{"kind":"Field","name":{"kind":"Name","value":"userAgent"}},{"kind":"Field","name":{"kind":"Name","value":"event"}},{"kind":"Field","name":{"kind":"Name","value":"details"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}}]}}]}}]}}]} as unknown as DocumentNode<CliAuditPageQuery, CliAuditPageQueryVariables>;
export const CliWaitingNodeRunsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliWaitingNodeRuns"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"WaitingNodeRunFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"waitingNodeRuns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"CliAsker"}},{"kind":"Field","name":{"kind":"Name","value":"waiting"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CliQuestion"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CliAsker"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"NodeRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"parent"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"nodeType"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CliQuestion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"NodeRunWaiting"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"form"}},{"kind":"Field","name":{"kind":"Name","value":"assignees"}},{"kind":"Field","name":{"kind":"Name","value":"actions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"label"}}]}},{"kind":"Field","name":{"kind":"Name","value":"deadline"}},{"kind":"Field","name":{"kind":"Name","value":"toolName"}},{"kind":"Field","name":{"kind":"Name","value":"arguments"}}]}}]} as unknown as DocumentNode<CliWaitingNodeRunsQuery, CliWaitingNodeRunsQueryVariables>;
export const CliAskedQuestionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliAskedQuestion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodeRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"answeredBy"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"CliAsker"}},{"kind":"Field","name":{"kind":"Name","value":"waiting"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CliQuestion"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CliAsker"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"NodeRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"parent"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"nodeType"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CliQuestion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"NodeRunWaiting"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"form"}},{"kind":"Field","name":{"kind":"Name","value":"assignees"}},{"kind":"Field","name":{"kind":"Name","value":"actions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"label"}}]}},{"kind":"Field","name":{"kind":"Name","value":"deadline"}},{"kind":"Field","name":{"kind":"Name","value":"toolName"}},{"kind":"Field","name":{"kind":"Name","value":"arguments"}}]}}]} as unknown as DocumentNode<CliAskedQuestionQuery, CliAskedQuestionQueryVariables>;
export const CliAnswerNodeRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliAnswerNodeRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ResumeNodeRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"resumeNodeRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"answeredBy"}},{"kind":"Field","name":{"kind":"Name","value":"answeredAt"}},{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}}]} as unknown as DocumentNode<CliAnswerNodeRunMutation, CliAnswerNodeRunMutationVariables>;
export const CliSchedulesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliSchedules"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"schedules"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"cron"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"nextAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastError"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<CliSchedulesQuery, CliSchedulesQueryVariables>;
export const CliCreateScheduleDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateSchedule"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateScheduleInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createSchedule"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"cron"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"nextAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastError"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]} as unknown as DocumentNode<CliCreateScheduleMutation, CliCreateScheduleMutationVariables>;
export const CliPauseScheduleDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliPauseSchedule"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"schedule"},"name":{"kind":"Name","value":"pauseSchedule"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"cron"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"nextAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastError"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]} as unknown as DocumentNode<CliPauseScheduleMutation, CliPauseScheduleMutationVariables>;
export const CliResumeScheduleDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliResumeSchedule"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"schedule"},"name":{"kind":"Name","value":"resumeSchedule"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"cron"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"nextAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastError"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]} as unknown as DocumentNode<CliResumeScheduleMutation, CliResumeScheduleMutationVariables>;
export const CliDeleteScheduleDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliDeleteSchedule"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"schedule"},"name":{"kind":"Name","value":"deleteSchedule"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"cron"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"nextAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastError"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]} as unknown as DocumentNode<CliDeleteScheduleMutation, CliDeleteScheduleMutationVariables>;
export const CliWebhooksDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliWebhooks"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"webhooks"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"signature"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"header"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<CliWebhooksQuery, CliWebhooksQueryVariables>;
export const CliCreateWebhookDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateWebhook"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateWebhookInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createWebhook"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"secret"}},{"kind":"Field","name":{"kind":"Name","value":"webhook"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"signature"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"header"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CliCreateWebhookMutation, CliCreateWebhookMutationVariables>;
export const CliDeleteWebhookDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliDeleteWebhook"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"webhook"},"name":{"kind":"Name","value":"deleteWebhook"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]} as unknown as DocumentNode<CliDeleteWebhookMutation, CliDeleteWebhookMutationVariables>;
export const CliSendAgentInputDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliSendAgentInput"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SendAgentInputInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sendAgentInput"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliSendAgentInputMutation, CliSendAgentInputMutationVariables>;
export const CliToolByCodeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CliToolByCode"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"code"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"toolByCode"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"code"},"value":{"kind":"Variable","name":{"kind":"Name","value":"code"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliToolByCodeQuery, CliToolByCodeQueryVariables>;
export const CliCreateToolDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateTool"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateToolInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createTool"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateToolMutation, CliCreateToolMutationVariables>;
export const CliCreateToolVersionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateToolVersion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateToolVersionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createToolVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateToolVersionMutation, CliCreateToolVersionMutationVariables>;
export const CliCreateToolBindingDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateToolBinding"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateToolBindingInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createToolBinding"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateToolBindingMutation, CliCreateToolBindingMutationVariables>;
export const CliCreateModelProviderDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliCreateModelProvider"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateModelProviderInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createModelProvider"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliCreateModelProviderMutation, CliCreateModelProviderMutationVariables>;
export const CliApproveNodeRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CliApproveNodeRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"resumeNodeRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"decision"},"value":{"kind":"EnumValue","value":"APPROVE"}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<CliApproveNodeRunMutation, CliApproveNodeRunMutationVariables>;
export const SmokeCreateSessionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SmokeCreateSession"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateSessionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createSession"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SmokeCreateSessionMutation, SmokeCreateSessionMutationVariables>;
export const SmokeDispatchRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SmokeDispatchRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateRunRequestInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"dispatchRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"errorMessage"}},{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<SmokeDispatchRunMutation, SmokeDispatchRunMutationVariables>;
export const SmokeCreateToolDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SmokeCreateTool"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateToolInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createTool"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SmokeCreateToolMutation, SmokeCreateToolMutationVariables>;
export const SmokeCreateToolVersionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SmokeCreateToolVersion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateToolVersionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createToolVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SmokeCreateToolVersionMutation, SmokeCreateToolVersionMutationVariables>;
export const SmokeCreateToolBindingDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SmokeCreateToolBinding"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateToolBindingInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createToolBinding"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SmokeCreateToolBindingMutation, SmokeCreateToolBindingMutationVariables>;
export const SmokeCreateSkillVersionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SmokeCreateSkillVersion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateSkillVersionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createSkillVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SmokeCreateSkillVersionMutation, SmokeCreateSkillVersionMutationVariables>;
export const SmokeCreateSkillRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SmokeCreateSkillRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateSkillRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createSkillRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SmokeCreateSkillRunMutation, SmokeCreateSkillRunMutationVariables>;
export const SmokeFinishedRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"SmokeFinishedRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"outputText"}},{"kind":"Field","name":{"kind":"Name","value":"errorCode"}},{"kind":"Field","name":{"kind":"Name","value":"errorMessage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"workflow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"app"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodeRuns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"outputText"}},{"kind":"Field","name":{"kind":"Name","value":"outputJson"}},{"kind":"Field","name":{"kind":"Name","value":"errorCode"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"artifacts"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"artifactType"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"traceSpans"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"spanType"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"traceId"}},{"kind":"Field","name":{"kind":"Name","value":"spanId"}},{"kind":"Field","name":{"kind":"Name","value":"parentSpanId"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<SmokeFinishedRunQuery, SmokeFinishedRunQueryVariables>;
export const SmokeMessageAddedDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"SmokeMessageAdded"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageAdded"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"sessionId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"content"}},{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]}}]} as unknown as DocumentNode<SmokeMessageAddedSubscription, SmokeMessageAddedSubscriptionVariables>;
export const SmokeAnswerNodeRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SmokeAnswerNodeRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ResumeNodeRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"resumeNodeRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SmokeAnswerNodeRunMutation, SmokeAnswerNodeRunMutationVariables>;
export const SmokeUsageOfRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"SmokeUsageOfRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"modelUsage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"calls"}},{"kind":"Field","name":{"kind":"Name","value":"promptTokens"}}]}}]}}]} as unknown as DocumentNode<SmokeUsageOfRunQuery, SmokeUsageOfRunQueryVariables>;
export const AgentRunDeltasDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"AgentRunDeltas"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"delta"}},{"kind":"Field","name":{"kind":"Name","value":"reasoningDelta"}}]}}]}}]} as unknown as DocumentNode<AgentRunDeltasSubscription, AgentRunDeltasSubscriptionVariables>;
export const CancelRunEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"CancelRunEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"runStatus"}},{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"nodeStatus"}}]}}]}}]} as unknown as DocumentNode<CancelRunEventsSubscription, CancelRunEventsSubscriptionVariables>;
export const RunEventPagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"RunEventPages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEventPages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"runStatus"}},{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"nodeStatus"}},{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"workflow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"app"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<RunEventPagesSubscription, RunEventPagesSubscriptionVariables>;
export const StartRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"StartRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"runStatus"}},{"kind":"Field","name":{"kind":"Name","value":"nodeStatus"}},{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"workflow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]} as unknown as DocumentNode<StartRunSubscription, StartRunSubscriptionVariables>;
export const LiveRunEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"LiveRunEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"runStatus"}},{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"nodeStatus"}},{"kind":"Field","name":{"kind":"Name","value":"delta"}},{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"workflow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"app"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<LiveRunEventsSubscription, LiveRunEventsSubscriptionVariables>;
export const LiveNodeRunUpdatedDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"LiveNodeRunUpdated"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodeRunUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"nodeRun"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"outputText"}}]}}]}}]}}]} as unknown as DocumentNode<LiveNodeRunUpdatedSubscription, LiveNodeRunUpdatedSubscriptionVariables>;
export const LiveSpansDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"LiveSpans"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"traceSpanRecorded"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"span"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"spanType"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}}]}}]}}]} as unknown as DocumentNode<LiveSpansSubscription, LiveSpansSubscriptionVariables>;
export const LiveCompletionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"LiveCompletion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ChatCompletionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"chatCompletionStream"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"delta"}},{"kind":"Field","name":{"kind":"Name","value":"completion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"content"}},{"kind":"Field","name":{"kind":"Name","value":"finishReason"}}]}}]}}]}}]} as unknown as DocumentNode<LiveCompletionSubscription, LiveCompletionSubscriptionVariables>;
export const OddVendorLiveDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"OddVendorLive"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"delta"}},{"kind":"Field","name":{"kind":"Name","value":"reasoningDelta"}}]}}]}}]} as unknown as DocumentNode<OddVendorLiveSubscription, OddVendorLiveSubscriptionVariables>;
export const ProcessesRunEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"ProcessesRunEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"nodeStatus"}},{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"outputText"}},{"kind":"Field","name":{"kind":"Name","value":"workflow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"app"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<ProcessesRunEventsSubscription, ProcessesRunEventsSubscriptionVariables>;
export const ProcessesServicesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ProcessesServices"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"services"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]} as unknown as DocumentNode<ProcessesServicesQuery, ProcessesServicesQueryVariables>;
export const CanaryEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"CanaryEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"delta"}},{"kind":"Field","name":{"kind":"Name","value":"runStatus"}},{"kind":"Field","name":{"kind":"Name","value":"nodeRun"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"input"}},{"kind":"Field","name":{"kind":"Name","value":"outputText"}},{"kind":"Field","name":{"kind":"Name","value":"outputJson"}},{"kind":"Field","name":{"kind":"Name","value":"errorMessage"}}]}}]}}]}}]} as unknown as DocumentNode<CanaryEventsSubscription, CanaryEventsSubscriptionVariables>;
export const StatementCountMessagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"StatementCountMessages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageAdded"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"sessionId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"role"}}]}}]}}]}}]} as unknown as DocumentNode<StatementCountMessagesSubscription, StatementCountMessagesSubscriptionVariables>;
export const SurvivalExecuteRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SurvivalExecuteRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"executeRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"workerKey"},"value":{"kind":"StringValue","value":"caller","block":false}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}}]} as unknown as DocumentNode<SurvivalExecuteRunMutation, SurvivalExecuteRunMutationVariables>;
export const KeyedRunsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"KeyedRuns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}}]} as unknown as DocumentNode<KeyedRunsQuery, KeyedRunsQueryVariables>;
export const KeyedPagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"KeyedPages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEventPages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"runStatus"}}]}}]}}]} as unknown as DocumentNode<KeyedPagesSubscription, KeyedPagesSubscriptionVariables>;
export const TestRunStatusDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"TestRunStatus"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"runStatus"}}]}}]}}]} as unknown as DocumentNode<TestRunStatusSubscription, TestRunStatusSubscriptionVariables>;
export const OneOfEachMessagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"OneOfEachMessages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageAdded"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"sessionId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"role"}}]}}]}}]}}]} as unknown as DocumentNode<OneOfEachMessagesSubscription, OneOfEachMessagesSubscriptionVariables>;