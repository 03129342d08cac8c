import { Arg, Args, Ctx, Directive, ID, Mutation, Query, Resolver } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import type { AccessContext } from "../access.services.ts";
import { Secret } from "./secret.entity.ts";
import { CreateSecretInput, SecretValue, SecretValuesInput, UpdateSecretInput } from "./secret.inputs.ts";
import { createSecret, deleteSecret, secretValues, updateSecret } from "./secret.service.ts";

const SecretConnection = connectionType("Secret", () => Secret);

/** Secrets in the graph: all of them but their values. */
@Resolver(() => Secret)
export class SecretResolver {
  @Needs("secret:read")
  @Query(() => Secret, { nullable: true, description: "A secret by id; null where there is none." })
  secret(
    @Arg("id", () => ID, { description: "The secret's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { db }: AccessContext,
  ): Promise<Secret | null> {
    return db.read(({ em }) => em.findOne(Secret, { id }));
  }

  @Needs("secret:read")
  @Query(() => SecretConnection, { nullable: true, description: "The tenant's secrets, newest first, without their values." })
  secrets(@Args(() => PageArgs) page: PageArgs, @Ctx() { db }: AccessContext): Promise<Connection<Secret>> {
    return db.read(({ em }) => listPage(em, Secret, page, { where: {} }));
  }

  @Needs("secret:write")
  @Mutation(() => Secret, {
    nullable: true,
    description:
      "Makes a secret: a value that configs of tools (headers, query, the URL's query, body) and of model providers (apiKey, headers) name as {{ secrets.NAME }}. CONFLICT where the name is taken; at most 1,000 of a tenant.",
  })
  createSecret(
    @Arg("input", () => CreateSecretInput, { description: "The new secret." }) input: CreateSecretInput,
    @Ctx() context: AccessContext,
  ): Promise<Secret> {
    return createSecret(context, input);
  }

  @Needs("secret:write")
  @Mutation(() => Secret, {
    nullable: true,
    description:
      "Changes a secret's value, its origins, or both; the next call has them. Origins alone can only become fewer: SECRET_ORIGIN_ADDED asks for the value too.",
  })
  updateSecret(
    @Arg("id", () => ID, { description: "Which secret." }) id: string,
    @Arg("input", () => UpdateSecretInput, { description: "What changes." }) input: UpdateSecretInput,
    @Ctx() context: AccessContext,
  ): Promise<Secret> {
    return updateSecret(context, id, input);
  }

  @Needs("secret:write")
  @Mutation(() => Secret, {
    nullable: true,
    description: "Deletes a secret, value and all. Calls of configs that still name it are refused with SECRET_UNKNOWN.",
  })
  deleteSecret(@Arg("id", () => ID, { description: "Which secret." }) id: string, @Ctx() context: AccessContext): Promise<Secret> {
    return deleteSecret(context, id);
  }

  @Needs("secret:write")
  @Query(() => [SecretValue], {
    description:
      "Internal: values for one call of the tool or the model subgraph, which alone may ask. All of them, or an error that names the first that may not be sent.",
  })
  @Directive("@inaccessible")
  secretValues(@Arg("input", () => SecretValuesInput) input: SecretValuesInput, @Ctx() context: AccessContext): Promise<SecretValue[]> {
    return secretValues(context, input);
  }
}
