import { failureKind } from "../../../subgraphs/runtime/queue/failure.ts";

describe("the failure of a statement", () => {
  it.each([
    ["21000", "refused"],
    ["22P05", "refused"],
    ["23505", "refused"],
    ["54000", "refused"],
    ["55P03", "locked"],
    ["40P01", "locked"],
    ["40001", "unsettled"],
    ["42P01", "unsettled"],
    ["57014", "unsettled"],
    ["XX000", "unsettled"],
    ["AP001", "unsettled"],
    ["AP002", "refused"],
    ["55000", "unreachable"],
    ["25006", "unreachable"],
    ["57P01", "unreachable"],
    ["57P03", "unreachable"],
    ["53300", "unreachable"],
    ["08006", "unreachable"],
    ["ECONNREFUSED", "unreachable"],
    ["EPIPE", "unreachable"],
    [undefined, "unreachable"],
  ] as const)("%s is %s", (code, kind) => {
    expect(failureKind(Object.assign(new Error("as told"), { code }))).toBe(kind);
  });

  it("without an error that came from the database is an unknown outcome", () => {
    expect(failureKind("time-out")).toBe("unreachable");
  });
});
