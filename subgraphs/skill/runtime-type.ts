import { registerEnumType } from "type-graphql";

/** How a skill is done. */
export enum SkillRuntimeType {
  TEMPLATE = "TEMPLATE",
  CODE = "CODE",
  HTTP = "HTTP",
  PROMPT = "PROMPT",
}
registerEnumType(SkillRuntimeType, {
  name: "SkillRuntimeType",
  description: "How a skill is done.",
  valuesConfig: {
    TEMPLATE: { description: "Text with $name and ${name}." },
    CODE: { description: "Sandboxed Python or JavaScript." },
    HTTP: { description: "A tool binding." },
    PROMPT: { description: "One model call." },
  },
});
