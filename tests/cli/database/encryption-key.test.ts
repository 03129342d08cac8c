import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embeddedEncryptionKey } from "../../../cli/database/encryption-key.ts";

describe("the key of embedded mode", () => {
  it("is made once, and is its owner's only, after a copy too", () => {
    const dataDir = mkdtempSync(join(tmpdir(), "agent-platform-key-"));
    const path = join(dataDir, "encryption.key");
    try {
      const key = embeddedEncryptionKey(dataDir);
      expect(key).toMatch(/^[0-9a-f]{64}$/);
      expect(readFileSync(path, "utf8")).toBe(key);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      chmodSync(path, 0o644);
      expect(embeddedEncryptionKey(dataDir)).toBe(key);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });
});
