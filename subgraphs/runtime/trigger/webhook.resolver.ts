import { Arg, Args, Ctx, Directive, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import { WaitsOutside } from "#shared/graphql/cost.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { WorkflowStub, WorkflowVersionStub } from "../graph/workflow.stub.ts";
import { callHook, findHook, runOutput } from "./hook-call.service.ts";
import type { TriggerContext } from "./trigger.context.ts";
import { Webhook } from "./webhook.entity.ts";
import {
  CreatedWebhook,
  CreateWebhookInput,
  FoundHook,
  HookCallInput,
  HookOutput,
  HookRun,
  UpdateWebhookInput,
  WebhookFilter,
} from "./webhook.inputs.ts";
import * as webhooks from "./webhook.service.ts";

const WebhookConnection = connectionType("Webhook", () => Webhook);
const dayInSeconds = 86_400;

/** Webhooks in the graph: all of them but their tokens and secrets. */
@Resolver(() => Webhook)
export class WebhookResolver {
  @Needs("webhook:read")
  @Query(() => Webhook, { nullable: true, description: "A webhook by id; null where there is none." })
  webhook(
    @Arg("id", () => ID, { description: "The webhook's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: TriggerContext,
  ): Promise<Webhook | null> {
    return loaders.webhook.load(id);
  }

  @Needs("webhook:read")
  @Query(() => WebhookConnection, { nullable: true, description: "The tenant's webhooks, newest first, without their URLs and secrets." })
  webhooks(
    @Arg("filter", () => WebhookFilter, { nullable: true, description: "Which ones; all unless given." }) filter: WebhookFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: TriggerContext,
  ): Promise<Connection<Webhook>> {
    return db.read(({ em }) => listPage(em, Webhook, page, { where: webhooks.webhookCondition(filter) }));
  }

  @Needs("webhook:write")
  @Mutation(() => CreatedWebhook, {
    nullable: true,
    description:
      "Makes a webhook: POST to its URL makes a run of the workflow, with { body, raw, rawEncoding, headers, query, method } as input. At most 1,000 of a tenant.",
  })
  createWebhook(
    @Arg("input", () => CreateWebhookInput, { description: "The new webhook." }) input: CreateWebhookInput,
    @Ctx() context: TriggerContext,
  ): Promise<CreatedWebhook> {
    return webhooks.createWebhook(context, input);
  }

  @Needs("webhook:write")
  @Mutation(() => Webhook, { nullable: true, description: "Changes a webhook; the next call goes by it." })
  updateWebhook(
    @Arg("id", () => ID, { description: "The webhook; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateWebhookInput, { description: "What changes." }) input: UpdateWebhookInput,
    @Ctx() context: TriggerContext,
  ): Promise<Webhook> {
    return webhooks.updateWebhook(context, id, input);
  }

  @Needs("webhook:write")
  @Mutation(() => CreatedWebhook, {
    nullable: true,
    description:
      "Gives a webhook another secret. The one before is accepted beside it until the overlap is over. CONFLICT where calls are not signed.",
  })
  rotateWebhookSecret(
    @Arg("id", () => ID, { description: "The webhook; NOT_FOUND where there is none." }) id: string,
    @Arg("secret", () => String, { nullable: true, description: "The new secret: 8 to 500 characters; one is made unless given." })
    secret: string | null,
    @Arg("overlapSeconds", () => Int, {
      nullable: true,
      defaultValue: dayInSeconds,
      description: "For so many seconds the old secret is accepted too: 0 to 2,592,000 (30 days).",
    })
    overlapSeconds: number | null,
    @Ctx() context: TriggerContext,
  ): Promise<CreatedWebhook> {
    return webhooks.rotateWebhookSecret(context, id, { secret: secret ?? null, overlapSeconds: overlapSeconds ?? dayInSeconds });
  }

  @Needs("webhook:write")
  @Mutation(() => CreatedWebhook, { nullable: true, description: "Gives a webhook another URL; the one before is gone at once." })
  rotateWebhookUrl(
    @Arg("id", () => ID, { description: "The webhook; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: TriggerContext,
  ): Promise<CreatedWebhook> {
    return webhooks.rotateWebhookUrl(context, id);
  }

  @Needs("webhook:write")
  @Mutation(() => Webhook, { nullable: true, description: "Deletes a webhook and gives it as it was; its runs stay." })
  deleteWebhook(
    @Arg("id", () => ID, { description: "The webhook; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: TriggerContext,
  ): Promise<Webhook> {
    return webhooks.deleteWebhook(context, id);
  }

  @FieldResolver(() => WorkflowStub, {
    nullable: true,
    description: "The workflow, a deleted one too; null where the workflow subgraph does not answer.",
  })
  workflow(@Root() { workflowId }: Webhook): WorkflowStub {
    return { id: workflowId };
  }

  @FieldResolver(() => WorkflowVersionStub, {
    nullable: true,
    description: "The version that runs; null: the published one, at each call.",
  })
  workflowVersion(@Root() { workflowVersionId }: Webhook): WorkflowVersionStub | null {
    return workflowVersionId === null ? null : { id: workflowVersionId };
  }
}

/** The webhooks of workflows. */
@Resolver(() => WorkflowStub)
export class WorkflowWebhooksResolver {
  @FieldResolver(() => WebhookConnection, {
    nullable: true,
    description: "Its webhooks, newest first; null where the runtime subgraph does not answer.",
  })
  webhooks(
    @Root() workflow: WorkflowStub,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: TriggerContext,
  ): Promise<Connection<Webhook>> {
    return loaders.webhooksOfWorkflow.load({ parentId: workflow.id, page });
  }
}

/** For the router only; the public graph does not have them. */
@Resolver()
export class HookCallResolver {
  @Needs("run:write")
  @Query(() => FoundHook, { nullable: true, description: "Internal: the webhook of a token; null where there is none that takes calls." })
  @Directive("@inaccessible")
  async hookOf(
    @Arg("token", () => String, { description: "The token of its URL." }) token: string,
    @Ctx() context: TriggerContext,
  ): Promise<FoundHook | null> {
    return findHook(context, token);
  }

  @Needs("run:write")
  @Mutation(() => HookRun, { nullable: true, description: "Internal: makes the run of a call; null where there is no such webhook." })
  @Directive("@inaccessible")
  callHook(
    @Arg("input", () => HookCallInput, { description: "The call." }) input: HookCallInput,
    @Ctx() context: TriggerContext,
  ): Promise<HookRun | null> {
    const { token, method, query, headers, body } = input;
    return callHook(context, token, { method, query, headers: headers as Record<string, string>, body: Buffer.from(body, "base64") });
  }

  @WaitsOutside()
  @Needs("run:write")
  @Query(() => HookOutput, { nullable: true, description: "Internal: how a run ended; null where it has not, within the wait." })
  @Directive("@inaccessible")
  hookOutput(
    @Arg("runId", () => ID, { description: "The run." }) runId: string,
    @Arg("waitMs", () => Int, { description: "How long it is waited for." }) waitMs: number,
    @Ctx() context: TriggerContext,
  ): Promise<HookOutput | null> {
    return runOutput(context, runId, waitMs);
  }
}
