import { registerEnumType } from "type-graphql";

/** The life of a version: DRAFT, PUBLISHED, ARCHIVED. Its content never changes. */
export enum VersionStatus {
  DRAFT = "DRAFT",
  PUBLISHED = "PUBLISHED",
  ARCHIVED = "ARCHIVED",
}
registerEnumType(VersionStatus, { name: "VersionStatus", description: "The life of a version; its content never changes." });
