/** An end of a sentence, and a full stop behind it. An ellipsis of three, and what is no word before it, such as a path `..`, are something else. */
const twoStops = /(?<=[\p{L}\p{N})\]}"'%])([.!?…])\.(?=\s|$)/gu;

/** A message for people that was put together of sentences, some of which had an end: each has one. */
export function oneStop(message: string): string {
  return message.includes(".") ? message.replace(twoStops, "$1") : message;
}
