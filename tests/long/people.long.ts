import { peopleAtRest } from "../testkit/engine/people-at-rest.ts";
import { shareOf } from "./settings.ts";

describe("runs that wait for persons", () => {
  it("by the ten thousand hold nothing in their worker, and go on when they are answered", async () => {
    await peopleAtRest({ runs: 200 * shareOf(50), answered: 200 });
  });
});
