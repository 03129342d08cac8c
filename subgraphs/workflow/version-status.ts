import { registerEnumType } from "type-graphql";

/** The life of a version: DRAFT, PUBLISHED, ARCHIVED. Its content never changes. */
export enum VersionStatus {
  DRAFT = "DRAFT",
  PUBLISHED = "PUBLISHED",
  ARCHIVED = "ARCHIVED",
}
registerEnumType(VersionStatus, {
  name: "VersionStatus",
  description: "The life of a version; its content never changes.",
  valuesConfig: {
    DRAFT: { description: "Not published yet. A draft of a workflow runs where its id is given." },
    PUBLISHED: { description: "Was published; the one that was published last is the published version." },
    ARCHIVED: { description: "Starts no run until it is published again; runs in flight go on. App versions are never archived." },
  },
});
