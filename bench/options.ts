import { parseArgs } from "node:util";

/** What a bench is asked for, beside its name. */
export interface BenchOptions {
  /** Runs a measured phase; each bench has its own number when undefined. */
  runs: number | undefined;
  /** `e2e`: clients, each with a socket of its own. */
  clients: number;
  /** `e2e`: further clients that page the list of runs all the while. */
  readers: number;
  /** `e2e`: which subscription shows a run to its client. */
  mode: "runEvents" | "runEventPages" | "startRun";
  /** `e2e`: measured is what audits and keys cost, against a platform without. */
  isAudits: boolean;
  /** `chain`: every node touches the outside. */
  isOutside: boolean;
  /** `drain`: the folder of another checkout, measured in turn with this one. */
  against: string | undefined;
}

/** A command line of the benches. */
export interface BenchCommand {
  names: string[];
  rounds: number;
  isJson: boolean;
  options: BenchOptions;
  /** The options of the benches as they were given: what a round in a process of its own is given too. */
  given: string[];
}

/** Reads the command line. @throws Error in words for people. */
export function benchCommand(argv: string[]): BenchCommand {
  const { values, positionals, tokens } = parseArgs({
    args: argv,
    allowPositionals: true,
    tokens: true,
    options: {
      rounds: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      runs: { type: "string" },
      clients: { type: "string", default: "60" },
      readers: { type: "string", default: "0" },
      pages: { type: "boolean", default: false },
      "start-run": { type: "boolean", default: false },
      audits: { type: "boolean", default: false },
      effects: { type: "boolean", default: false },
      against: { type: "string" },
    },
  });
  if (values.pages && values["start-run"]) throw new Error("Give --pages or --start-run, not both.");
  const mode = values.pages ? "runEventPages" : values["start-run"] ? "startRun" : "runEvents";
  return {
    names: positionals,
    rounds: whole("rounds", values.rounds, 1),
    isJson: values.json,
    options: {
      runs: values.runs === undefined ? undefined : whole("runs", values.runs, 1),
      clients: whole("clients", values.clients, 1),
      readers: whole("readers", values.readers, 0),
      mode,
      isAudits: values.audits,
      isOutside: values.effects,
      against: values.against,
    },
    given: tokens.flatMap((token) => {
      if (token.kind !== "option" || ["rounds", "json", "against"].includes(token.name)) return [];
      return token.value === undefined ? [token.rawName] : [`${token.rawName}=${token.value}`];
    }),
  };
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`--${name} ${text}: a whole number from ${least} on.`);
  return value;
}
