import { Directive, Field, ObjectType, registerEnumType } from "type-graphql";

/** Whether a document with the problem can run. */
export enum IssueSeverity {
  ERROR = "ERROR",
  WARNING = "WARNING",
}
registerEnumType(IssueSeverity, {
  name: "IssueSeverity",
  description: "How bad a problem of a DSL document is.",
  valuesConfig: {
    ERROR: { description: "The document cannot run, and is not saved." },
    WARNING: { description: "It runs, but something in it does nothing, or not what it seems to." },
  },
});

/** One problem of a document. */
@Directive("@shareable")
@ObjectType("DslIssue", { description: "One problem of a DSL document." })
export class DslIssueType {
  @Field(() => IssueSeverity, { description: "Whether the document can run with it." })
  severity!: IssueSeverity;

  @Field(() => String, { description: "One of a closed list, such as NODE_TYPE_UNKNOWN." })
  code!: string;

  @Field(() => String, { description: "What is wrong and what to do." })
  message!: string;

  @Field(() => String, { description: "JSON pointer into the document, such as /nodes/3/config/expression." })
  path!: string;
}
