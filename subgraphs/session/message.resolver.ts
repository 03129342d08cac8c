import { Arg, Ctx, Directive, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { Message, MessageAdded } from "./message.entity.ts";
import { AddMessageInput, RecordRunMessageInput } from "./message.inputs.ts";
import * as messages from "./message.service.ts";
import { RunStub } from "./run.stub.ts";
import type { SessionContext } from "./session.context.ts";
import { Session } from "./session.entity.ts";

/** Messages in the graph. */
@Resolver(() => Message)
export class MessageResolver {
  @Needs("session:read")
  @Query(() => Message, { nullable: true, description: "A message by id; null where there is none." })
  message(
    @Arg("id", () => ID, { description: "The message's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: SessionContext,
  ): Promise<Message | null> {
    return loaders.message.load(id);
  }

  @Needs("session:write")
  @Mutation(() => Message, { nullable: true, description: "Adds a message to a conversation. CONFLICT on a closed session." })
  addMessage(@Arg("input", () => AddMessageInput) input: AddMessageInput, @Ctx() context: SessionContext): Promise<Message> {
    return messages.addMessage(context, input);
  }

  @Needs("session:write")
  @Directive("@inaccessible")
  @Mutation(() => Message, { description: "Adds the answer of a run, once. For the runtime." })
  recordRunMessage(
    @Arg("input", () => RecordRunMessageInput) input: RecordRunMessageInput,
    @Ctx() context: SessionContext,
  ): Promise<Message> {
    return messages.recordRunMessage(context, input);
  }

  @Needs("session:read")
  @Subscription(() => MessageAdded, {
    description:
      "Every message from the cursor after on, once and in order. It stays open when the session is closed: answers of runs in flight still come.",
    subscribe: ({ args, context }) => messages.messageStream(context as SessionContext, args as { sessionId: string; after?: string }),
  })
  messageAdded(
    @Root() added: MessageAdded,
    @Arg("sessionId", () => ID, { description: "The session; NOT_FOUND where there is none." }) _sessionId: string,
    @Arg("after", () => String, {
      nullable: true,
      description: "A cursor of this stream or of Session.messages: the stream begins behind it; with the first message unless given.",
    })
    _after: string | null,
  ): MessageAdded {
    return added;
  }

  @FieldResolver(() => Session, { description: "The conversation." })
  session(@Root() message: Message, @Ctx() { loaders }: SessionContext): Promise<Session | null> {
    return loaders.session.load(message.sessionId);
  }

  @FieldResolver(() => RunStub, {
    nullable: true,
    description: "The run whose answer this message is; null for what was added with addMessage or came with a request.",
  })
  run(@Root() message: Message): RunStub | null {
    return message.runId === null ? null : { id: message.runId };
  }
}

/** Messages in their stream. */
@Resolver(() => MessageAdded)
export class MessageAddedResolver {
  @FieldResolver(() => Message, { description: "The message." })
  message(@Root() { messageId, message }: MessageAdded, @Ctx() { loaders }: SessionContext): Message | Promise<Message | null> {
    return message ?? loaders.message.load(messageId);
  }
}
