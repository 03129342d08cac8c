/** How agents reach what they remember: the memory subgraph, and the messages of their session. */
import type { JsonObject } from "#shared/json.ts";
import type { PortCall } from "./model.port.ts";

/** Whose memories they are. */
export type MemoryScope = "TENANT" | "USER" | "SESSION" | "AGENT" | "TEAM";

/** Memories to look for. */
export interface MemorySearch {
  query: string;
  scopeType: MemoryScope;
  scopeId: string;
  limit: number;
}

/** Memories that a workflow looks for. */
export interface MemoryQuery extends MemorySearch {
  memoryType?: string | undefined;
  mode: "AUTO" | "TEXT" | "VECTOR" | "HYBRID";
}

/** A memory that was found. */
export interface FoundMemory {
  id: string;
  memory_type: string;
  text: string;
  metadata: JsonObject;
  importance: number;
  score: number;
  /** ISO. */
  created_at: string;
}

/** A memory to be written. */
export interface MemoryDraft {
  scopeType: MemoryScope;
  scopeId: string;
  memoryType: string;
  contentText: string;
  importanceScore: number;
  metadata: JsonObject;
  /** ISO; never unless given. */
  expiresAt?: string | undefined;
}

/** A message of a session. */
export interface SessionMessage {
  id: string;
  role: "USER" | "ASSISTANT" | "SYSTEM" | "TOOL";
  content: string;
}

export interface MemoryPort {
  /** @returns texts, best first. @throws AppError of the memory subgraph */
  search(search: MemorySearch, call: PortCall): Promise<string[]>;
  /** Best first. @throws AppError of the memory subgraph */
  find(search: MemoryQuery, call: PortCall): Promise<FoundMemory[]>;
  /** Once, however often it is called with the same key. @throws AppError of the memory subgraph */
  write(draft: MemoryDraft, call: PortCall): Promise<{ id: string }>;
  /** The last messages of a session, oldest first; [] where there is no such session. @throws AppError of the session subgraph */
  messages(sessionId: string, last: number, call: PortCall): Promise<SessionMessage[]>;
}
