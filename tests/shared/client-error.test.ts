import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { AppError } from "#shared/errors.ts";
import { clientError } from "#shared/client-error.ts";

const app = new AppError("CONFLICT", "RUN_BUSY", "Run 1 is busy.", { runId: "1" }, { cause: new Error("inside") });
const formatted = (extensions: Record<string, unknown>): GraphQLFormattedError => ({ message: "text", path: ["a"], extensions });

describe("an error for a client", () => {
  it.each<[string, unknown, Record<string, unknown>]>([
    ["an AppError", app, { code: "CONFLICT", reason: "RUN_BUSY", runId: "1" }],
    [
      "an AppError beneath GraphQL's own",
      new GraphQLError("x", { originalError: app }),
      { code: "CONFLICT", reason: "RUN_BUSY", runId: "1" },
    ],
    [
      "a subgraph's refusal",
      formatted({ code: "NOT_FOUND", reason: "R", id: "1", stacktrace: ["at …"] }),
      { code: "NOT_FOUND", reason: "R", id: "1" },
    ],
    ["a subgraph's bug", formatted({ code: "INTERNAL", reason: "INTERNAL", query: "select" }), { code: "INTERNAL", reason: "INTERNAL" }],
    ["Apollo's codes", formatted({ code: "GRAPHQL_VALIDATION_FAILED" }), { code: "BAD_USER_INPUT", reason: "GRAPHQL_VALIDATION_FAILED" }],
    ["a variable that Apollo Server refuses", formatted({ code: "BAD_USER_INPUT" }), { code: "BAD_USER_INPUT", reason: "GRAPHQL_INVALID" }],
    ["an unknown code", formatted({ code: "WHATEVER", path: "/etc" }), { code: "INTERNAL", reason: "INTERNAL" }],
    ["a bug", new Error("select 1"), { code: "INTERNAL", reason: "INTERNAL" }],
    ["something thrown that is no error", "text", { code: "INTERNAL", reason: "INTERNAL" }],
    ["an AppError that is a bug", new AppError("INTERNAL", "X", "path /etc", { path: "/etc" }), { code: "INTERNAL", reason: "INTERNAL" }],
    [
      "a bug in a field",
      new GraphQLError("x", { path: ["a"], originalError: new TypeError("x") }),
      { code: "INTERNAL", reason: "INTERNAL" },
    ],
    ["a document's fault", new GraphQLError("Cannot query field"), { code: "BAD_USER_INPUT", reason: "GRAPHQL_INVALID" }],
    [
      "a variable's fault",
      new GraphQLError('Variable "$a" got invalid value', { originalError: new TypeError("no date") }),
      { code: "BAD_USER_INPUT", reason: "GRAPHQL_INVALID" },
    ],
    [
      "an argument's fault",
      new GraphQLError('Argument "a" has invalid value', { path: ["a"], originalError: new GraphQLError("no date") }),
      { code: "BAD_USER_INPUT", reason: "GRAPHQL_INVALID" },
    ],
  ])("says of %s what it is and no more", (_what, error, extensions) => {
    expect(clientError(error).extensions).toEqual(extensions);
  });

  it("carries the request's id and the subgraph's name, and reports only bugs", () => {
    const reported: unknown[] = [];
    const setting = { requestId: "r-1", serviceName: "runs", report: (cause: unknown) => reported.push(cause) };
    const bug = new Error("bug");
    expect(clientError(app, setting).extensions).toMatchObject({ requestId: "r-1", serviceName: "runs" });
    expect(clientError(bug, setting).extensions).toMatchObject({ code: "INTERNAL", requestId: "r-1", serviceName: "runs" });
    expect(reported).toEqual([bug]);
  });

  it("stays as it is when it is translated again", () => {
    const once = clientError(app, { requestId: "r-1", serviceName: "runs" });
    expect(clientError(once, { requestId: "r-1" }).toJSON()).toEqual(once.toJSON());
  });
});
