import "reflect-metadata";
import { execute, parse } from "graphql";
import { clientLeft } from "#shared/client-left.ts";
import { AppError } from "#shared/errors.ts";
import { buildFederatedSchema } from "#shared/graphql/schema.ts";
import { withStoredErrors } from "#shared/graphql/stored-values.ts";
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

@Resolver()
class Times {
  @Query(() => Date)
  without(): Date {
    return Infinity as never;
  }

  @Query(() => Date, { nullable: true })
  unknown(): Date | null {
    return new Date("infinity");
  }

  @Query(() => Date, { nullable: true })
  nobody(): Date | null {
    return null;
  }

  @Query(() => Date)
  async some(): Promise<Date> {
    return Promise.resolve(new Date(0));
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

describe("a time that no answer can say, as a statement beside the ORM reads it", () => {
  it("is an error of its field alone", async () => {
    const { schema } = await buildFederatedSchema({ resolvers: [Times] });
    const contextValue = {};
    const result = await execute({ schema, document: parse("{ at: without unknown nobody some }"), contextValue });
    expect(result.data).toEqual({ at: new Date("0001-01-01T00:00:00Z"), unknown: null, nobody: null, some: new Date(0) });
    expect(result.errors).toBeUndefined();
    const { errors } = withStoredErrors(result, contextValue);
    expect(errors!.map(({ path, message }) => [path, message])).toEqual([
      [["at"], "Query.without is a number in the database, where a time belongs: it was changed by hand. Correct its row."],
      [["unknown"], "Query.unknown is no time in the database, where a time belongs: it was changed by hand. Correct its row."],
    ]);
  });
});
