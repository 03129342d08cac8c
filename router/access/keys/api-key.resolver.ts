import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { checkRange } from "#shared/fields.ts";
import type { SubgraphContext } from "#shared/graphql/context.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { tenantScopes } from "#shared/scopes.ts";
import type { AccessContext } from "../access.services.ts";
import { ApiKey, ApiKeyStatus } from "./api-key.entity.ts";
import { CreateApiKeyInput, CreatedApiKey, RotateApiKeyInput } from "./api-key.inputs.ts";
import { createApiKey, rotateApiKey, updateApiKeyStatus } from "./api-key.service.ts";

const ApiKeyConnection = connectionType("ApiKey", () => ApiKey);
const dayInSeconds = 86_400;

/** Keys in the graph. Those that act for any tenant are not: the command line alone has them. */
@Resolver(() => ApiKey)
export class ApiKeyResolver {
  @Needs("key:read")
  @Query(() => ApiKey, { nullable: true, description: "An API key by id; null where there is none." })
  apiKey(
    @Arg("id", () => ID, { description: "The key's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { db }: SubgraphContext,
  ): Promise<ApiKey | null> {
    return db.read(({ em }) => em.findOne(ApiKey, { id, isAdmin: false }));
  }

  @Needs("key:read")
  @Query(() => ApiKeyConnection, { nullable: true, description: "The tenant's API keys, newest first." })
  apiKeys(
    @Arg("status", () => ApiKeyStatus, { nullable: true, description: "Those of this status; all unless given." })
    status: ApiKeyStatus | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: SubgraphContext,
  ): Promise<Connection<ApiKey>> {
    const where = { isAdmin: false, ...(status != null && { status }) };
    return db.read(({ em }) => listPage(em, ApiKey, page, { where }));
  }

  @Needs("key:write")
  @Mutation(() => CreatedApiKey, {
    nullable: true,
    description:
      "Makes a key of the caller's tenant. With auth on, allowed without a key only while no key was ever made (the bootstrap): to requests of the router's own machine, or with the header x-bootstrap-token.",
  })
  createApiKey(
    @Arg("input", () => CreateApiKeyInput, { description: "The new key." }) input: CreateApiKeyInput,
    @Ctx() context: AccessContext,
  ): Promise<CreatedApiKey> {
    return createApiKey(context, input);
  }

  @Needs("key:write")
  @Mutation(() => ApiKey, {
    nullable: true,
    description:
      "Changes whether a key is accepted; within a second it holds everywhere, and what is open with the key is closed. A revoked key never becomes active again: CONFLICT.",
  })
  updateApiKeyStatus(
    @Arg("id", () => ID, { description: "Which key." }) id: string,
    @Arg("status", () => ApiKeyStatus, { description: "What it is to be." }) status: ApiKeyStatus,
    @Ctx() context: AccessContext,
  ): Promise<ApiKey> {
    return updateApiKeyStatus(context, id, status);
  }

  @Needs("key:write")
  @Mutation(() => CreatedApiKey, {
    nullable: true,
    description:
      "Makes a key that may do what another may. Both are accepted until the overlap is over; then the old one expires. CONFLICT for a key that is revoked, has expired, or was rotated already: rotate the one that replaces it.",
  })
  rotateApiKey(
    @Arg("id", () => ID, { description: "The key to replace." }) id: string,
    @Arg("input", () => RotateApiKeyInput, { nullable: true, description: "How; with a day of overlap unless given." })
    input: RotateApiKeyInput | null,
    @Ctx() context: AccessContext,
  ): Promise<CreatedApiKey> {
    const overlapSeconds = checkRange("overlapSeconds", input?.overlapSeconds ?? dayInSeconds, { min: 0, max: 30 * dayInSeconds });
    return rotateApiKey(context, id, overlapSeconds);
  }

  @FieldResolver(() => [String], { description: "What it may do, as noun:verb." })
  scopes(@Root() { scopes }: ApiKey): readonly string[] {
    return scopes ?? tenantScopes;
  }
}
