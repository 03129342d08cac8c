/** Reads a Dockerfile as far as ours goes: stages of instructions, a line each or continued. */
import { readFileSync } from "node:fs";

export interface Instruction {
  /** Such as COPY. */
  word: string;
  rest: string;
}

export interface Stage {
  from: string;
  name: string | undefined;
  instructions: Instruction[];
}

/** The stages in their order. */
export function readStages(path: string | URL): Stage[] {
  const lines = readFileSync(path, "utf8").replace(/\\\n/g, " ").split("\n");
  const stages: Stage[] = [];
  for (const line of lines) {
    const [, word, rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (word === undefined) continue;
    const [, from = "", name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? [];
    if (word === "FROM") stages.push({ from, name, instructions: [] });
    else stages.at(-1)?.instructions.push({ word, rest });
  }
  return stages;
}

/** What the instructions of one kind say. */
export function said(stage: Stage, word: string): string[] {
  return stage.instructions.filter((instruction) => instruction.word === word).map(({ rest }) => rest);
}

/** Paths of the context that a stage takes in; those of other stages are left out. */
export function copied(stage: Stage): string[] {
  return said(stage, "COPY").flatMap((rest) => (rest.startsWith("--from") ? [] : rest.split(/\s+/).slice(0, -1)));
}

/** `ENV a=b c=d` of a stage. */
export function variables(stage: Stage): Record<string, string> {
  const pairs = said(stage, "ENV").flatMap((rest) => rest.split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}
