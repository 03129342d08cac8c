import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { AppVersion } from "./app-version.entity.ts";
import { App, AppStatus } from "./app.entity.ts";
import { CreateAppInput, CreateAppVersionInput, UpdateAppInput } from "./app.inputs.ts";
import * as apps from "./app.service.ts";
import { WorkflowVersion } from "./workflow-version.entity.ts";
import type { WorkflowContext } from "./workflow.context.ts";
import type { Workflow } from "./workflow.entity.ts";
import { WorkflowConnection } from "./workflow.resolver.ts";

const AppConnection = connectionType("App", () => App);
const AppVersionConnection = connectionType("AppVersion", () => AppVersion);

/** Apps in the graph. */
@Resolver(() => App)
export class AppResolver {
  @Needs("app:read")
  @Query(() => App, { nullable: true, description: "An app by id, deleted ones too; null where there is none." })
  app(
    @Arg("id", () => ID, { description: "The app's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: WorkflowContext,
  ): Promise<App | null> {
    return loaders.app.load(id);
  }

  @Needs("app:read")
  @Query(() => App, { nullable: true, description: "An app by its code; null where there is none." })
  appByCode(
    @Arg("code", () => String, { description: "The app's code; case counts." }) code: string,
    @Ctx() { db }: WorkflowContext,
  ): Promise<App | null> {
    return db.read(({ em }) => em.findOne(App, { code, deletedAt: null }));
  }

  @Needs("app:read")
  @Query(() => AppConnection, { nullable: true, description: "The tenant's apps, newest first." })
  apps(
    @Arg("status", () => AppStatus, { nullable: true, description: "Only apps of this status." }) status: AppStatus | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: WorkflowContext,
  ): Promise<Connection<App>> {
    return db.read(({ em }) => listPage(em, App, page, { where: { deletedAt: null, ...(status && { status }) } }));
  }

  @Needs("app:read")
  @Query(() => AppVersion, { nullable: true, description: "An app version by id; null where there is none." })
  appVersion(
    @Arg("id", () => ID, { description: "The app version's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: WorkflowContext,
  ): Promise<AppVersion | null> {
    return loaders.appVersion.load(id);
  }

  @Needs("app:write")
  @Mutation(() => App, { nullable: true, description: "Makes an app. CONFLICT when its code is taken." })
  createApp(@Arg("input", () => CreateAppInput) input: CreateAppInput, @Ctx() context: WorkflowContext): Promise<App> {
    return apps.createApp(context, input);
  }

  @Needs("app:write")
  @Mutation(() => App, { nullable: true, description: "Changes what is given; the code stays for ever." })
  updateApp(
    @Arg("id", () => ID, { description: "The app; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateAppInput) input: UpdateAppInput,
    @Ctx() context: WorkflowContext,
  ): Promise<App> {
    return apps.updateApp(context, id, input);
  }

  @Needs("app:write")
  @Mutation(() => App, {
    nullable: true,
    description:
      "Deletes an app; its sessions and runs stay. CONFLICT while it has workflows. Answers the app as it was, with its deletedAt.",
  })
  deleteApp(
    @Arg("id", () => ID, { description: "The app; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: WorkflowContext,
  ): Promise<App> {
    return apps.deleteApp(context, id);
  }

  @Needs("app:write")
  @Mutation(() => AppVersion, {
    nullable: true,
    description:
      "Makes the app's next version. A version's content never changes: a change is a new version. NOT_FOUND where the workflow version is not there, BAD_USER_INPUT where it is another app's, CONFLICT where it is archived.",
  })
  createAppVersion(
    @Arg("input", () => CreateAppVersionInput) input: CreateAppVersionInput,
    @Ctx() context: WorkflowContext,
  ): Promise<AppVersion> {
    return apps.createAppVersion(context, input);
  }

  @Needs("app:write")
  @Mutation(() => AppVersion, {
    nullable: true,
    description:
      "Makes a version the app's published one, which is always the one that was published last: an older version can be published again. NOT_FOUND too when the app was deleted.",
  })
  publishAppVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: WorkflowContext,
  ): Promise<AppVersion> {
    return apps.publishAppVersion(context, id);
  }

  @FieldResolver(() => AppVersion, { nullable: true, description: "The version that was published last; null: none was published." })
  publishedVersion(@Root() app: App, @Ctx() { loaders }: WorkflowContext): Promise<AppVersion | null> {
    return loaders.appPublished.load(app.id);
  }

  @FieldResolver(() => WorkflowConnection, { description: "Its workflows, newest first." })
  workflows(@Root() app: App, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: WorkflowContext): Promise<Connection<Workflow>> {
    return loaders.workflowsOfApp.load({ parentId: app.id, page });
  }

  @FieldResolver(() => AppVersionConnection, { description: "Its versions, newest first." })
  versions(@Root() app: App, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: WorkflowContext): Promise<Connection<AppVersion>> {
    return loaders.versionsOfApp.load({ parentId: app.id, page });
  }
}

/** What app versions lead to. */
@Resolver(() => AppVersion)
export class AppVersionResolver {
  @FieldResolver(() => App, { description: "The app." })
  app(@Root() version: AppVersion, @Ctx() { loaders }: WorkflowContext): Promise<App | null> {
    return loaders.app.load(version.appId);
  }

  @FieldResolver(() => WorkflowVersion, { description: "What runs." })
  workflowVersion(@Root() version: AppVersion, @Ctx() { loaders }: WorkflowContext): Promise<WorkflowVersion | null> {
    return loaders.workflowVersion.load(version.workflowVersionId);
  }
}
