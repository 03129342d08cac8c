import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Costs, widePoints } from "#shared/graphql/cost.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import type { JsonObject } from "#shared/json.ts";
import { hiddenValue } from "#shared/secret/credentials.ts";
import { ModelProvider, ModelProviderStatus } from "./model-provider.entity.ts";
import { ModelCall } from "../usage/model-call.entity.ts";
import { CreateModelProviderInput, UpdateModelProviderInput } from "./model-provider.inputs.ts";
import * as providers from "./model-provider.service.ts";
import type { ModelContext } from "../model.context.ts";
import { listModels } from "../models.service.ts";
import { modelUsage } from "../usage/usage.service.ts";
import { Model, ModelUsage, ModelUsageGroup } from "../usage/usage.types.ts";

const ModelCallConnection = connectionType("ModelCall", () => ModelCall);
const ModelProviderConnection = connectionType("ModelProvider", () => ModelProvider);

/** Providers in the graph, what they offer and what was used of them. */
@Resolver(() => ModelProvider)
export class ModelProviderResolver {
  @Needs("model:read")
  @Query(() => ModelProvider, { nullable: true, description: "A provider by id, deleted ones too; null where there is none." })
  modelProvider(
    @Arg("id", () => ID, { description: "The provider's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: ModelContext,
  ): Promise<ModelProvider | null> {
    return loaders.modelProvider.load(id);
  }

  @Needs("model:read")
  @Query(() => ModelProvider, { nullable: true, description: "A provider by its code; null where there is none." })
  modelProviderByCode(
    @Arg("code", () => String, { description: "The provider's code; case counts." }) code: string,
    @Ctx() { db }: ModelContext,
  ): Promise<ModelProvider | null> {
    return db.read(({ em }) => em.findOne(ModelProvider, { code, deletedAt: null }));
  }

  @Needs("model:read")
  @Query(() => ModelProviderConnection, { nullable: true, description: "The tenant's providers, newest first." })
  modelProviders(
    @Arg("status", () => ModelProviderStatus, { nullable: true, description: "Only providers of this status." })
    status: ModelProviderStatus | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: ModelContext,
  ): Promise<Connection<ModelProvider>> {
    return db.read(({ em }) => listPage(em, ModelProvider, page, { where: { deletedAt: null, ...(status != null && { status }) } }));
  }

  @Needs("model:read")
  @Query(() => [Model], {
    nullable: true,
    description:
      "The models that the tenant's active providers (the oldest 50) and the platform's configured one offer, asked now: at most 500 of each, and of one that does not answer within 5 s its defaultModel and embeddingModel.",
  })
  models(@Ctx() context: ModelContext): Promise<Model[]> {
    return listModels(context);
  }

  @Needs("model:read")
  @Costs(widePoints)
  @Query(() => [ModelUsage], {
    nullable: true,
    description:
      "What was used, summed by groupBy, in the order of the keys; the first 1,000 groups. BAD_USER_INPUT where from is not before to.",
  })
  modelUsage(
    @Arg("from", () => Date, { nullable: true, description: "Only calls that ended at this time or later; from the first unless given." })
    from: Date | null,
    @Arg("to", () => Date, { nullable: true, description: "Only calls that ended before this time; to the last unless given." })
    to: Date | null,
    @Arg("groupBy", () => ModelUsageGroup, { nullable: true, defaultValue: ModelUsageGroup.MODEL, description: "What to sum by." })
    groupBy: ModelUsageGroup | null,
    @Arg("runId", () => ID, { nullable: true, description: "Only calls that were made for this run." }) runId: string | null,
    @Ctx() context: ModelContext,
  ): Promise<ModelUsage[]> {
    return modelUsage(context, { from: from ?? null, to: to ?? null, runId: runId ?? null, groupBy });
  }

  @Needs("model:read")
  @Query(() => ModelCall, { nullable: true, description: "A call of a model by id; null where there is none." })
  modelCall(
    @Arg("id", () => ID, { description: "The call's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: ModelContext,
  ): Promise<ModelCall | null> {
    return loaders.modelCall.load(id);
  }

  @Needs("model:read")
  @Query(() => ModelCallConnection, {
    nullable: true,
    description:
      "The ledger of the tenant's model calls, newest first: each call that has ended, also those that failed or were cancelled.",
  })
  modelCalls(
    @Arg("runId", () => ID, { nullable: true, description: "Only calls that were made for this run." }) runId: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: ModelContext,
  ): Promise<Connection<ModelCall>> {
    return db.read(({ em }) => listPage(em, ModelCall, page, { where: runId == null ? {} : { runId } }));
  }

  @Needs("model:write")
  @Mutation(() => ModelProvider, {
    nullable: true,
    description: "Makes a provider. CONFLICT when its code is taken. Whether it answers is not tried.",
  })
  createModelProvider(
    @Arg("input", () => CreateModelProviderInput) input: CreateModelProviderInput,
    @Ctx() context: ModelContext,
  ): Promise<ModelProvider> {
    return providers.createModelProvider(context, input);
  }

  @Needs("model:write")
  @Mutation(() => ModelProvider, { nullable: true, description: "Changes what is given; the code stays for ever." })
  updateModelProvider(
    @Arg("id", () => ID, { description: "The provider; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateModelProviderInput) input: UpdateModelProviderInput,
    @Ctx() context: ModelContext,
  ): Promise<ModelProvider> {
    return providers.updateModelProvider(context, id, input);
  }

  @Needs("model:write")
  @Mutation(() => ModelProvider, {
    nullable: true,
    description: "Deletes a provider and its key. Answers the provider without it, with its deletedAt.",
  })
  deleteModelProvider(
    @Arg("id", () => ID, { description: "The provider; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: ModelContext,
  ): Promise<ModelProvider> {
    return providers.deleteModelProvider(context, id);
  }

  @FieldResolver(() => Boolean, { description: "Whether a key is stored. The key itself is never read back." })
  apiKeySet(@Root() provider: ModelProvider): boolean {
    return provider.apiKeySealed !== null;
  }

  @FieldResolver(() => JsonObjectScalar, {
    description: 'The headers that each request has, by lower-case name; their values are never read back: each is "***".',
  })
  headers(@Root() provider: ModelProvider): JsonObject {
    return Object.fromEntries(provider.headerNames.map((name) => [name, hiddenValue]));
  }
}
