import { GraphqlRequestError, TransportError } from "#codegen/client/errors.ts";
import { askPatiently } from "../../../cli/client/patience.ts";

const refused = (reason: string) => new GraphqlRequestError([{ message: reason, extensions: { reason } }], null);

/** A platform that answers so, one after another. */
function platform(...answers: (Error | string)[]) {
  let asked = 0;
  const ask = async () => {
    const answer = answers[asked++]!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { ask, asked: () => asked };
}

describe("a patient question", () => {
  it.each([
    ["the platform", new TransportError("No answer.")],
    ["its runtime", refused("SUBGRAPH_UNREACHABLE")],
    ["its database", refused("DATABASE_UNAVAILABLE")],
  ])("is asked again while %s is away", async (_what, away) => {
    const { ask, asked } = platform(away, away, "there");
    expect(await askPatiently(ask, {})).toBe("there");
    expect(asked()).toBe(3);
  });

  it("takes a refusal for an answer, and gives up with the last error", async () => {
    const gone = platform(refused("RUN_NOT_FOUND"));
    await expect(askPatiently(gone.ask, {})).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
    const away = platform(new TransportError("one"), new TransportError("two"));
    await expect(askPatiently(away.ask, { giveUpAfterMs: 0 })).rejects.toThrow(TransportError);
  });
});
