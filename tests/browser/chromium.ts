/** A real browser for tests: the host's Chromium, headless, with a profile of its own that goes with it. */
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const places = ["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`);
const executablePath = places.find((place) => existsSync(place));

const reason = `no Chromium at ${places.join(", ")}`;

/** `describe` where this host has a Chromium; else a skipped one that says why. */
export function describeWithChromium(name: string, body: () => void): void {
  if (executablePath !== undefined) return describe(name, body);
  // Also written: among other files' results jest names no skipped test.
  process.stderr.write(`${name}: skipped, ${reason}\n`);
  describe.skip(`${name} (skipped: ${reason})`, body);
}

/** Starts it. Only 127.0.0.1 can be reached from it; whatever else it asks for fails to resolve. */
export function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(reason);
  const hermetic = ["--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server"];
  const args = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath, headless: true, args: [...args, ...hermetic] });
}
