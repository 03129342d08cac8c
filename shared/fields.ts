/** Checks of the fields that most records have. Each error names the field, its value and the rule. */
import { AppError } from "./errors.ts";

const codePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A code: what people call a record in URLs and programs. @throws AppError CODE_INVALID */
export function checkCode(field: string, value: string): string {
  if (codePattern.test(value)) return value;
  throw new AppError(
    "BAD_USER_INPUT",
    "CODE_INVALID",
    `${field} is ${JSON.stringify(excerpt(value))}. Use 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit.`,
    { field, value: excerpt(value) },
  );
}

/** A text of limited length; blank counts as empty. @throws AppError TEXT_TOO_SHORT, TEXT_TOO_LONG */
export function checkText(field: string, value: string, limits: { min?: number; max: number }): string {
  const { min = 0, max } = limits;
  if (value.length > max && characters(value) > max) {
    const length = characters(value);
    throw new AppError("BAD_USER_INPUT", "TEXT_TOO_LONG", `${field} has ${length} characters; at most ${max} are allowed.`, {
      field,
      length,
      max,
    });
  }
  if (min > 0 && value.trim().length < min) {
    throw new AppError(
      "BAD_USER_INPUT",
      "TEXT_TOO_SHORT",
      `${field} is empty. Give at least ${min} ${min === 1 ? "character" : "characters"}.`,
      { field, value: excerpt(value), min },
    );
  }
  return value;
}

/** The characters of a text, as JSON Schema counts them: an emoji is one, though JavaScript keeps it as two units. */
export function characters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** As much of a text as an error repeats. */
export function excerpt(text: string): string {
  return text.slice(0, 80).toWellFormed();
}

/** A name for people: 1 to 200 characters. */
export function checkName(value: string): string {
  return checkText("name", value, { min: 1, max: 200 });
}

/** A description for people: up to 5,000 characters, or none. */
export function checkDescription(value: string | null | undefined): string | null {
  return value == null ? null : checkText("description", value, { max: 5_000 });
}

/** A number between two bounds. @throws AppError NUMBER_OUT_OF_RANGE */
export function checkRange(field: string, value: number, { min, max }: { min: number; max: number }): number {
  if (value >= min && value <= max) return value;
  throw new AppError("BAD_USER_INPUT", "NUMBER_OUT_OF_RANGE", `${field} is ${value}. Give ${min} to ${max}.`, { field, value, min, max });
}

/** A JSON value of limited size. @throws AppError JSON_TOO_LARGE */
export function checkJsonSize<T>(field: string, value: T, maxBytes: number): T {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? "");
  if (bytes <= maxBytes) return value;
  throw new AppError("BAD_USER_INPUT", "JSON_TOO_LARGE", `${field} has ${bytes} bytes; at most ${maxBytes} are allowed.`, {
    field,
    bytes,
    max: maxBytes,
  });
}

/** The status of a new version: any but ARCHIVED. @throws AppError VERSION_STATUS_INVALID */
export function creatableStatus<S extends string>(status: S): S {
  if (status !== "ARCHIVED") return status;
  const message = `A version cannot be created as ${status}. Create it as DRAFT or PUBLISHED.`;
  throw new AppError("BAD_USER_INPUT", "VERSION_STATUS_INVALID", message, { field: "status", value: status });
}

/**
 * Whose something is, where it is a tenant's, a user's, a team's, ...: the tenant itself for TENANT, the id that is given for the others.
 *
 * @throws AppError SCOPE_ID_REQUIRED, SCOPE_ID_INVALID (TENANT with another id than the caller's tenant)
 */
export function checkScopeId(scope: string, scopeId: string | null | undefined, tenantId: string): string {
  if (scope !== "TENANT" && scopeId == null) {
    throw new AppError("BAD_USER_INPUT", "SCOPE_ID_REQUIRED", `scopeId is missing. Say which ${scope.toLowerCase()} it is.`, {
      field: "scopeId",
      scope,
    });
  }
  if (scope === "TENANT" && (scopeId ?? tenantId) !== tenantId) {
    const message = "scopeId names another tenant. Leave it out: the scope TENANT is the caller's tenant.";
    throw new AppError("BAD_USER_INPUT", "SCOPE_ID_INVALID", message, { field: "scopeId", scope });
  }
  return checkText("scopeId", scopeId ?? tenantId, { min: 1, max: 200 });
}

/** The changes of an update: null where a field cannot be cleared means "leave it". */
export function given<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
