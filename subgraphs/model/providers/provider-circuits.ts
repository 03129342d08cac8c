/**
 * A provider that fails again and again is left alone for a while: whoever asks meanwhile is told so at once, and one call after it tries whether it is back. Known to
 * this process alone, by tenant, provider and model: what one tenant's requests do to a provider concerns nobody else.
 */
import { AppError } from "#shared/errors.ts";
import { counter } from "#shared/metrics/instruments.ts";
import { modelErrors } from "../errors.ts";
import { TenantRecords, type TenantKey } from "../tenant-records.ts";

/** So many failures, with nothing answered between them, and within so long. */
const failuresUntilOpen = 10;
const windowMs = 300_000;
/** How long it is left alone: twice as long after each try that failed. */
const firstPauseMs = 10_000;
const longestPauseMs = 120_000;
/** A try that says nothing for so long is no longer waited for; and so long others are told to wait while there is one. */
const tryMs = 60_000;
const besideTryMs = 1_000;
/** A call that its caller wanted sooner says nothing of the provider when it was late. */
const leastDeadlineMs = 10_000;
/** What became of circuits: opened (a provider is left alone), closed (it answers again), refused (a call was not made), fallback (another provider was asked). */
export const circuitEvents = counter<"event">({
  name: "model_circuit_total",
  help: "Model providers that were left alone because they fail (opened), that answer again (closed), calls that were refused meanwhile, and calls that went to a fallback.",
  labels: ["event"],
});

/**
 * CLOSED: it is asked; some calls have failed. OPEN: it is not asked before `untilMs`. TRIED: one call asks whether it is back; where it has not said so by `untilMs`,
 * the next one does.
 */
interface Circuit {
  phase: "CLOSED" | "OPEN" | "TRIED";
  failures: number;
  firstFailureMs: number;
  untilMs: number;
  pauseMs: number;
}

/** One call's leave to ask. */
export interface CircuitPass {
  /** The provider has answered, be it with a refusal of what was asked. */
  answered(): void;
  failed(error: unknown): void;
  /** The call is over. Without a word before, nothing is known. */
  left(): void;
}

/** Of one process; of providers that fail, as those that answer are not kept. */
export class ProviderCircuits {
  readonly #circuits = new TenantRecords<Circuit>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Lets a call ask. @param code  of the provider, for the error. @throws AppError MODEL_PROVIDER_CIRCUIT_OPEN */
  enter(key: TenantKey, code: string | null): CircuitPass {
    const circuit = this.#circuits.get(key);
    if (circuit !== undefined && circuit.phase !== "CLOSED") this.#enterOpen(circuit, code);
    let isTold = false;
    const once = (tell: () => void) => () => {
      if (!isTold) tell();
      isTold = true;
    };
    return {
      answered: once(() => this.#close(key)),
      failed: (error) => {
        if (isProviderDown(error)) once(() => this.#failed(key))();
        else if (!isCancelled(error)) once(() => this.#close(key))();
      },
      left: once(() => this.#untried(circuit)),
    };
  }

  #enterOpen(circuit: Circuit, provider: string | null): void {
    const now = this.#now();
    if (now < circuit.untilMs) {
      circuitEvents.inc({ event: "refused" });
      const retryAfterMs = Math.ceil(circuit.phase === "TRIED" ? besideTryMs : circuit.untilMs - now);
      const facts = { provider, failures: circuit.failures, retryAfterMs, retryable: true, effectUnknown: false };
      throw modelErrors.MODEL_PROVIDER_CIRCUIT_OPEN(facts);
    }
    circuit.phase = "TRIED";
    circuit.untilMs = now + tryMs;
  }

  #close(key: TenantKey): void {
    const circuit = this.#circuits.get(key);
    if (circuit === undefined) return;
    this.#circuits.delete(key);
    if (circuit.phase !== "CLOSED") circuitEvents.inc({ event: "closed" });
  }

  #failed(key: TenantKey): void {
    const now = this.#now();
    const circuit = this.#known(key, now);
    circuit.failures++;
    if (circuit.phase === "OPEN") return;
    if (circuit.phase === "CLOSED" && circuit.failures < failuresUntilOpen) return;
    if (circuit.phase === "TRIED") circuit.pauseMs = Math.min(longestPauseMs, 2 * circuit.pauseMs);
    circuit.phase = "OPEN";
    circuit.untilMs = now + circuit.pauseMs;
    circuitEvents.inc({ event: "opened" });
  }

  /** Those that failed last stay longest. */
  #known(key: TenantKey, now: number): Circuit {
    const known = this.#circuits.get(key);
    const isOld = known?.phase === "CLOSED" && now - known.firstFailureMs > windowMs;
    const begun: Circuit = { phase: "CLOSED", failures: 0, firstFailureMs: now, untilMs: 0, pauseMs: firstPauseMs };
    const circuit = known === undefined || isOld ? begun : known;
    this.#circuits.set(key, circuit);
    return circuit;
  }

  /** A try that was given up by its caller: the next call may try. */
  #untried(circuit: Circuit | undefined): void {
    if (circuit?.phase !== "TRIED") return;
    circuit.phase = "OPEN";
    circuit.untilMs = this.#now();
  }
}

/** Whether an error says that the provider is not there for anybody; what it refuses is its caller's, and where it answers, with an error too, it is there. */
export function isProviderDown(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  const { status, answered, deadlineMs } = error.facts;
  switch (error.reason) {
    case "MODEL_PROVIDER_UNREACHABLE":
      return answered !== true;
    case "MODEL_PROVIDER_TIMEOUT":
      return Number(deadlineMs) >= leastDeadlineMs;
    case "MODEL_PROVIDER_FAILED":
      return typeof status === "number" && status >= 500;
    default:
      return false;
  }
}

function isCancelled(error: unknown): boolean {
  return !(error instanceof AppError) || error.reason === "MODEL_CALL_CANCELLED";
}
