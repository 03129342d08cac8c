/** How the files of skills that are folders are reached: the skill subgraph has them. */
import type { PortCall } from "./model.port.ts";

/** A file of a skill's folder. */
export interface SkillFileRead {
  sizeBytes: number;
  isScript: boolean;
  /** null: it is no text. */
  text: string | null;
}

export interface SkillPort {
  /** A file of a version, which is always the same; null: there is none of that path. @throws AppError when the skill subgraph does not answer */
  file(asked: { versionId: string; path: string }, call: PortCall): Promise<SkillFileRead | null>;
}
