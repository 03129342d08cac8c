/**
 * A program's process as it is seen from outside: what it takes of memory, and whether somebody has stopped it. So it can be told whose doing a SIGKILL is that the platform has
 * not sent: the kernel's memory killer sends it too, and so do those of others (systemd-oomd, earlyoom), of which the kernel counts nothing.
 */
import { readFileSync } from "node:fs";

const lookMs = 100;
/** An interpreter with its modules takes a third of it. */
const littleBytes = 64 << 20;

/** Looks at one process until it is told to end. */
export class ProcessWatch {
  readonly #pid: number | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #memoryKills = memoryKills();
  #peakBytes = 0;
  #isHidden = false;
  #wasStopped = false;

  constructor(pid: number | undefined) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** Whether it stood still, now or at a look before, by a signal that no program in the jail can send. */
  get wasStopped(): boolean {
    this.#look();
    return this.#wasStopped;
  }

  /** Ends it. @returns whether the memory that it took may be why it was killed; a program of which nothing can be seen may have taken any. */
  tookMemory(maxBytes: number): boolean {
    clearInterval(this.#timer);
    const kills = memoryKills();
    // What was killed may have taken it between two looks. Of other killers, and where the kernel does not tell, there is the peak to go by.
    if (kills !== undefined && kills !== this.#memoryKills) return true;
    return this.#isHidden || this.#peakBytes >= (kills === undefined ? littleBytes : maxBytes / 2);
  }

  #look(): void {
    if (this.#pid === undefined) return;
    try {
      const status = readFileSync(`/proc/${this.#pid}/status`, "latin1");
      this.#wasStopped ||= /^State:\s+T/m.test(status);
      // Of one that has ended there is no such line.
      this.#peakBytes = Math.max(this.#peakBytes, 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    } catch {
      this.#isHidden ||= this.#peakBytes === 0;
    }
  }
}

/** How often the kernel has killed for want of memory; undefined where it does not say. */
function memoryKills(): string | undefined {
  try {
    return /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1];
  } catch {
    return undefined;
  }
}
