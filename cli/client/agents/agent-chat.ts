/** A conversation with an agent in the terminal: each line is a question; one that comes while the agent works is told to it; Ctrl-C stops what it does. */
import type { GraphClient } from "#codegen/client/client.ts";
import { GraphqlRequestError } from "#codegen/client/errors.ts";
import { agentIdOf, clientOf, createRunOf, defaultUser, type AgentOptions } from "./ask-agent.ts";
import { appByCode, cancelRun, createApp, createSession, sendAgentInput } from "../documents.ts";
import { showRun } from "../follow.ts";

/** What a chat is typed with. */
export interface ChatInput {
  lines: AsyncIterable<string>;
  /** Ctrl-C: the returned function is called no more after what it returns was called. */
  onInterrupt: (listener: () => void) => () => void;
  /** Whether a line that comes while the agent works is told to it; else it is the next question. */
  isSteering: boolean;
}

/** The app that conversations of the terminal are in. */
const chatApp = { code: "agent-chat", name: "Chats with agents" };
/** An agent that has not begun is told again so soon. */
const tellAgainMs = 200;

/**
 * Asks an agent with each line, in a session of its own, so that it knows what was said before. An answer that failed ends nothing; the end of the lines does, or
 * Ctrl-C while nothing is asked.
 *
 * @throws AppError AGENT_CODE_UNKNOWN, those of showRun
 */
export async function chatWithAgent(options: AgentOptions, input: ChatInput): Promise<void> {
  const client = clientOf(options);
  try {
    const agentId = await agentIdOf(client, options.code);
    const sessionId = await newSession(client, options.userId ?? defaultUser);
    await new AgentChat(client, options, { agentId, sessionId }).talk(input);
  } finally {
    await client.close();
  }
}

async function newSession(client: GraphClient, userId: string): Promise<string> {
  const known = await client.query(appByCode, { code: chatApp.code });
  const appId = known.appByCode?.id ?? (await client.mutate(createApp, { input: chatApp })).createApp!.id;
  const { createSession: session } = await client.mutate(createSession, { input: { appId, userId, channelType: "terminal" } });
  return session!.id;
}

type Heard = { line: string } | "ended" | "interrupted" | "answered";

class AgentChat {
  readonly #client: GraphClient;
  readonly #options: AgentOptions;
  readonly #with: { agentId: string; sessionId: string };
  /** Lines that came too late for the answer that they were meant for. */
  readonly #later: string[] = [];
  #isInterrupted = Promise.withResolvers<"interrupted">();
  #next: Promise<Heard> | undefined;

  constructor(client: GraphClient, options: AgentOptions, place: { agentId: string; sessionId: string }) {
    this.#client = client;
    this.#options = options;
    this.#with = place;
  }

  async talk({ lines, onInterrupt, isSteering }: ChatInput): Promise<void> {
    const reader = lines[Symbol.asyncIterator]();
    const read = (): Promise<Heard> =>
      (this.#next ??= reader.next().then(({ done, value }) => (done === true ? "ended" : { line: value })));
    const stop = onInterrupt(() => this.#isInterrupted.resolve("interrupted"));
    try {
      for (;;) {
        const text = this.#later.shift() ?? (await this.#question(read));
        if (text === undefined) return;
        if (text !== "") await this.#answer(text, isSteering ? read : undefined);
      }
    } finally {
      stop();
    }
  }

  /** undefined: there is none any more. */
  async #question(read: () => Promise<Heard>): Promise<string | undefined> {
    if (!this.#options.isJson) this.#options.write("> ");
    const heard = await Promise.race([read(), this.#isInterrupted.promise]);
    if (typeof heard === "string") {
      // What comes next in the terminal has a line of its own.
      if (!this.#options.isJson) this.#options.write("\n");
      return undefined;
    }
    this.#next = undefined;
    return heard.line.trim();
  }

  /** @param read  what is typed meanwhile; undefined: nothing is looked at. */
  async #answer(text: string, read: (() => Promise<Heard>) | undefined): Promise<void> {
    const { write, isJson } = this.#options;
    const runId = await createRunOf(this.#client, this.#options, { ...this.#with, text });
    let isOver = false;
    const shown = showRun(this.#client, runId, this.#options).finally(() => (isOver = true));
    const answered = shown.then((): Heard => "answered");
    let [mayRead, isCancelled] = [read !== undefined, false];
    for (;;) {
      const heard = await Promise.race([
        answered,
        ...(mayRead && read ? [read()] : []),
        ...(isCancelled ? [] : [this.#isInterrupted.promise]),
      ]);
      if (heard === "answered") break;
      if (heard === "ended") mayRead = false;
      else if (heard === "interrupted") {
        isCancelled = true;
        await this.#client.mutate(cancelRun, { id: runId, reason: "Stopped in the terminal." }).catch(() => {});
      } else {
        this.#next = undefined;
        await this.#tell(runId, heard.line.trim(), { answered, isOver: () => isOver });
      }
    }
    this.#isInterrupted = Promise.withResolvers();
    const { run, isFailureShown } = await shown;
    if (!isJson && run.status !== "COMPLETED" && !isFailureShown)
      write(`${[run.status, ...(run.errorMessage ? [run.errorMessage] : [])].join(": ")}\n`);
  }

  /** Tells the agent a line; the one that it is too late for is the next question. */
  async #tell(runId: string, text: string, run: { answered: Promise<Heard>; isOver: () => boolean }): Promise<void> {
    if (text === "") return;
    const idempotencyKey = crypto.randomUUID();
    while (!run.isOver()) {
      try {
        await this.#client.mutate(sendAgentInput, { runId, input: { text, idempotencyKey } });
        return;
      } catch (error) {
        if (!isNotWorking(error)) throw error;
        await Promise.race([run.answered, new Promise((resolve) => setTimeout(resolve, tellAgainMs))]);
      }
    }
    this.#later.push(text);
  }
}

/** It has not begun, or has finished. */
function isNotWorking(error: unknown): boolean {
  return error instanceof GraphqlRequestError && error.errors.some(({ extensions }) => extensions?.["reason"] === "AGENT_NOT_WORKING");
}
