import { createHmac } from "node:crypto";
import { checkSignature, type SignatureRule } from "../../../subgraphs/runtime/trigger/webhook-signature.ts";

const secret = "correct horse";
const nowMs = 1_700_000_000_000;
const now = "1700000000";
const mac = (text: string, encoding: "hex" | "base64" = "hex", key = secret) => createHmac("sha256", key).update(text).digest(encoding);

const github: SignatureRule = {
  ...{ header: "x-hub-signature-256", encoding: "HEX", prefix: "sha256=", signedText: "{body}" },
  ...{ timestampHeader: null, toleranceSeconds: null },
};
const stripe: SignatureRule = {
  ...github,
  header: "stripe-signature",
  prefix: "v1=",
  signedText: "{timestamp}.{body}",
  toleranceSeconds: 300,
};
const slack: SignatureRule = {
  ...{ ...stripe, header: "x-slack-signature", prefix: "v0=", signedText: "v0:{timestamp}:{body}" },
  timestampHeader: "x-slack-request-timestamp",
};
const standard: SignatureRule = {
  ...{ ...stripe, header: "webhook-signature", encoding: "BASE64", prefix: "v1,", signedText: "{id}.{timestamp}.{body}" },
  timestampHeader: "webhook-timestamp",
};

function check(rule: SignatureRule, headers: Record<string, string>, { body = "{}", secrets = [secret], deliveryId = "d1" } = {}) {
  const call = { header: (name: string) => headers[name], body: Buffer.from(body), deliveryId };
  return checkSignature(rule, call, { secrets, nowMs }).kind;
}

describe("the signature of a call", () => {
  const late = String(Number(now) - 301);
  it.each<[string, SignatureRule, Record<string, string>, string]>([
    ["GitHub's", github, { "x-hub-signature-256": `sha256=${mac("{}")}` }, "right"],
    ["GitHub's in capitals", github, { "x-hub-signature-256": `sha256=${mac("{}").toUpperCase()}` }, "right"],
    ["GitHub's of another body", github, { "x-hub-signature-256": `sha256=${mac("{ }")}` }, "wrong"],
    ["GitHub's with another secret", github, { "x-hub-signature-256": `sha256=${mac("{}", "hex", "other")}` }, "wrong"],
    ["none", github, {}, "missing"],
    ["an empty one", github, { "x-hub-signature-256": "sha256=" }, "missing"],
    ["one by another algorithm", github, { "x-hub-signature-256": `sha1=${mac("{}")}` }, "missing"],
    ["a part of it", github, { "x-hub-signature-256": `sha256=${mac("{}").slice(0, 62)}` }, "wrong"],
    ["Stripe's", stripe, { "stripe-signature": `t=${now},v1=${mac(`${now}.{}`)}` }, "right"],
    [
      "Stripe's with two secrets",
      stripe,
      { "stripe-signature": `t=${now},v1=${mac(`${now}.{}`, "hex", "new")},v1=${mac(`${now}.{}`)}` },
      "right",
    ],
    ["Stripe's, late", stripe, { "stripe-signature": `t=${late},v1=${mac(`${late}.{}`)}` }, "late"],
    ["Stripe's, with another time than was signed", stripe, { "stripe-signature": `t=${now},v1=${mac(`${late}.{}`)}` }, "wrong"],
    ["Stripe's, without a time", stripe, { "stripe-signature": `v1=${mac(".{}")}` }, "missing"],
    ["Stripe's, with a time that is none", stripe, { "stripe-signature": `t=soon,v1=${mac("soon.{}")}` }, "late"],
    ["Stripe's, from the future", stripe, { "stripe-signature": `t=1700000999,v1=${mac("1700000999.{}")}` }, "late"],
    ["Slack's", slack, { "x-slack-signature": `v0=${mac(`v0:${now}:{}`)}`, "x-slack-request-timestamp": now }, "right"],
    ["Slack's, without a time", slack, { "x-slack-signature": `v0=${mac("v0::{}")}` }, "missing"],
    [
      "Standard Webhooks'",
      standard,
      { "webhook-signature": `v1,${mac(`d1.${now}.{}`, "base64", "new")} v1,${mac(`d1.${now}.{}`, "base64")}`, "webhook-timestamp": now },
      "right",
    ],
    [
      "Standard Webhooks' of another delivery",
      standard,
      { "webhook-signature": `v1,${mac(`d2.${now}.{}`, "base64")}`, "webhook-timestamp": now },
      "wrong",
    ],
  ])("%s", (_what, rule, headers, expected) => {
    expect(check(rule, headers)).toBe(expected);
  });

  it("may be by either secret while one is rotated", () => {
    const headers = { "x-hub-signature-256": `sha256=${mac("{}", "hex", "new")}` };
    expect([check(github, headers, { secrets: ["new", secret] }), check(github, headers)]).toEqual(["right", "wrong"]);
  });

  it("is over the bytes as they came", () => {
    const body = '\ufeff{"a":\r\n 1.0}';
    expect(check(github, { "x-hub-signature-256": `sha256=${mac(body)}` }, { body })).toBe("right");
  });
});
