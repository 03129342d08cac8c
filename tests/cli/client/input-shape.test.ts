import { inputShape } from "../../../cli/client/input-shape.ts";

describe("inputShape", () => {
  it.each([
    ["no schema", {}, "any object"],
    ["no properties", { input_schema: { type: "object" } }, "an object"],
    [
      "types, choices and descriptions, and what may be left out",
      {
        input_schema: {
          properties: {
            email: { type: "string", description: "Whose it is" },
            visits: { type: ["integer", "null"] },
            kind: { enum: ["a", 1, null] },
          },
          required: ["email"],
        },
      },
      'email (string: Whose it is), visits (integer | null, optional), kind ("a" | 1 | null, optional)',
    ],
  ])("says of %s what a run takes", (_, dsl, shape) => {
    expect(inputShape(dsl)).toBe(shape);
  });
});
