/** How soon they go on: `npm run bench -- people`; ten thousand of them: tests/long/people.long.ts. */
import { peopleAtRest } from "../testkit/engine/people-at-rest.ts";

describe("runs that wait for persons", () => {
  it("cost a row each: 2,000 of them hold nothing in their worker, and go on when they are answered", async () => {
    await peopleAtRest({ runs: 2_000, answered: 50 });
  });
});
