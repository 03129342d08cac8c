import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { AppStub } from "./app.stub.ts";
import { Message } from "./message.entity.ts";
import { RunRequest } from "./run-request.entity.ts";
import type { SessionContext } from "./session.context.ts";
import { Session, SessionStatus } from "./session.entity.ts";
import { CreateSessionInput, UpdateSessionInput } from "./session.inputs.ts";
import * as sessions from "./session.service.ts";

const SessionConnection = connectionType("Session", () => Session);
const MessageConnection = connectionType("Message", () => Message);
const RunRequestConnection = connectionType("RunRequest", () => RunRequest);

/** Sessions in the graph. */
@Resolver(() => Session)
export class SessionResolver {
  @Needs("session:read")
  @Query(() => Session, { nullable: true, description: "A session by id, closed ones too; null where there is none." })
  session(
    @Arg("id", () => ID, { description: "The session's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: SessionContext,
  ): Promise<Session | null> {
    return loaders.session.load(id);
  }

  @Needs("session:read")
  @Query(() => SessionConnection, { nullable: true, description: "The tenant's sessions, newest first." })
  sessions(
    @Arg("appId", () => ID, { nullable: true, description: "Only sessions with this app." }) appId: string | null,
    @Arg("userId", () => String, { nullable: true, description: "Only sessions of this user." }) userId: string | null,
    @Arg("status", () => SessionStatus, { nullable: true, description: "Only sessions of this status." }) status: SessionStatus | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: SessionContext,
  ): Promise<Connection<Session>> {
    const where = { ...(appId != null && { appId }), ...(userId != null && { userId }), ...(status != null && { status }) };
    return db.read(({ em }) => listPage(em, Session, page, { where }));
  }

  @Needs("session:write")
  @Mutation(() => Session, {
    nullable: true,
    description: "Begins a conversation of a user with an app. NOT_FOUND when there is no such app, or it was deleted.",
  })
  createSession(@Arg("input", () => CreateSessionInput) input: CreateSessionInput, @Ctx() context: SessionContext): Promise<Session> {
    return sessions.createSession(context, input);
  }

  @Needs("session:write")
  @Mutation(() => Session, { nullable: true, description: "Changes what is given; closed sessions too." })
  updateSession(
    @Arg("id", () => ID, { description: "The session; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateSessionInput) input: UpdateSessionInput,
    @Ctx() context: SessionContext,
  ): Promise<Session> {
    return sessions.updateSession(context, id, input);
  }

  @Needs("session:write")
  @Mutation(() => Session, {
    nullable: true,
    description:
      "Closes a conversation for good; closing it again changes nothing. Runs that were started go on, and their answers are still added.",
  })
  closeSession(
    @Arg("id", () => ID, { description: "The session; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: SessionContext,
  ): Promise<Session> {
    return sessions.closeSession(context, id);
  }

  @FieldResolver(() => AppStub, {
    nullable: true,
    description: "The app that the user talks to, a deleted one too; null where the workflow subgraph does not answer.",
  })
  app(@Root() session: Session): AppStub {
    return { id: session.appId };
  }

  @FieldResolver(() => MessageConnection, { description: "Its messages, oldest first; `last: 50` is the end of the conversation." })
  messages(
    @Root() session: Session,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: SessionContext,
  ): Promise<Connection<Message>> {
    return loaders.messagesOfSession.load({ parentId: session.id, page });
  }

  @FieldResolver(() => RunRequestConnection, { description: "What it asked to run, newest first." })
  runRequests(
    @Root() session: Session,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: SessionContext,
  ): Promise<Connection<RunRequest>> {
    return loaders.runRequestsOfSession.load({ parentId: session.id, page });
  }
}
