import "reflect-metadata";
import { execute, parse } from "graphql";
import { clientLeft } from "#shared/client-left.ts";
import { AppError } from "#shared/errors.ts";
import { buildFederatedSchema } from "#shared/graphql/schema.ts";
import { Mutation, Query, Resolver } from "type-graphql";

const begun: string[] = [];
let during = (): void => {};

@Resolver()
class Steps {
  @Query(() => String)
  nothing(): string {
    return "";
  }

  @Mutation(() => String, { nullable: true })
  first(): string {
    begun.push("first");
    during();
    return "done";
  }

  @Mutation(() => String, { nullable: true })
  second(): string {
    begun.push("second");
    return "done";
  }
}

const timedOut = new AppError("TIMEOUT", "OPERATION_TIMED_OUT", "It took too long.", {});

describe("the fields of a mutation behind one", () => {
  it.each([
    ["during which the operation's time ended are not begun", timedOut, ["first"]],
    ["during which the client left are done", clientLeft(), ["first", "second"]],
  ])("%s", async (_name, reason, expected) => {
    const { schema } = await buildFederatedSchema({ resolvers: [Steps] });
    const controller = new AbortController();
    begun.length = 0;
    during = () => controller.abort(reason);
    const contextValue = { signal: controller.signal };
    const { data } = await execute({ schema, document: parse("mutation { first second }"), contextValue });
    expect(begun).toEqual(expected);
    expect(data).toEqual({ first: "done", second: expected.includes("second") ? "done" : null });
  });
});
