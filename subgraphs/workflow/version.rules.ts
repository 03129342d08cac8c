import { workflowErrors } from "./errors.ts";
import { VersionStatus } from "./version-status.ts";

/** The status that a new version gets: DRAFT unless PUBLISHED is asked for. @throws AppError VERSION_STATUS_INVALID */
export function creatableStatus(status: VersionStatus | null | undefined): VersionStatus {
  if (status === VersionStatus.ARCHIVED) throw workflowErrors.VERSION_STATUS_INVALID({ field: "status", value: status });
  return status ?? VersionStatus.DRAFT;
}
