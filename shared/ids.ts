import { uuidv7 } from "uuidv7";

/** A new id: uuidv7, so ids sort by the time they were made and lists page by id alone. */
export function newId(): string {
  return uuidv7();
}
