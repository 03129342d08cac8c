import { registerEnumType } from "type-graphql";

/** How a skill is done. */
export enum SkillRuntimeType {
  TEMPLATE = "TEMPLATE",
  CODE = "CODE",
  HTTP = "HTTP",
  PROMPT = "PROMPT",
  FOLDER = "FOLDER",
}
registerEnumType(SkillRuntimeType, {
  name: "SkillRuntimeType",
  description: "How a skill is done.",
  valuesConfig: {
    TEMPLATE: { description: "Text with $name and ${name}." },
    CODE: { description: "Sandboxed Python or JavaScript." },
    HTTP: { description: "A tool binding." },
    PROMPT: { description: "One model call." },
    FOLDER: {
      description:
        "A folder with a SKILL.md: instructions that an agent reads when it needs them, files beside them, and scripts. importSkill makes such versions.",
    },
  },
});
