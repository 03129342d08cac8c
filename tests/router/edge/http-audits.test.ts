import { serverAudits } from "graphql-http";
import { fixtureRouter } from "../../testkit/fixture-router.ts";

describe("GraphQL over HTTP, by the audits of graphql-http", () => {
  it("has no error: nothing that the specification says MUST", async () => {
    await using t = await fixtureRouter();
    const results = await Promise.all(serverAudits({ url: t.router.url, fetchFn: fetch }).map((audit) => audit.fn()));
    const count = Object.groupBy(results, ({ status }) => status);
    expect(count.error?.map(({ id, name }) => `${id} ${name}`) ?? []).toEqual([]);
    // SHOULD: 200 for parse, validation and variable errors where the client accepts application/json only; we say 400.
    expect(count.warn?.map(({ id }) => id).sort()).toEqual(["572B", "7B9B", "FDE2"]);
    // MAY, such as GET.
    expect(count.notice).toBeUndefined();
  });
});
