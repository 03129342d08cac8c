/**
 * What a provider's API does not take: parameters that its settings name, and those that it refused not long ago. They are left out, or go by their
 * other name; what a refusal names is left out at once, and the request made again.
 */
import type { JsonObject } from "#shared/json.ts";
import { TenantRecords, type TenantKey } from "../tenant-records.ts";
import { readError, type Refusal } from "./refusal.ts";

/** How long a refusal of a parameter is remembered: a provider may learn. */
const rememberedMs = 3_600_000;
/** Requests beside the first: models that think refuse one parameter after the other, and each repeat must leave another one out. */
const repeats = 6;

/** One parameter by two names. */
const otherNames = new Map([
  ["max_tokens", "max_completion_tokens"],
  ["max_completion_tokens", "max_tokens"],
]);
/** The platform's own additions: nobody asked for them, so any word against them will do. */
const additions = new Set(["stream_options", "encoding_format"]);
/** What may be left out where the refusal says that it is not known; the completion tells it. All else that is refused is refused. */
const omittable = new Set([...additions, ...otherNames.keys(), "temperature", "top_p", "seed", "reasoning_effort"]);
/** Words for "I do not know this", beside those for a value that does not fit. */
const unknownWords =
  /unsupported|not (be )?(support|permitted|allowed|accept|recogni|known|available|implement|valid for|compatible)|n[o']t support|unrecogni|unknown|unexpected|extra[ _](input|field|param|key|forbidden|prop)|additional propert|no such|forbidden|only the default|instead/i;

/** Parameters that were refused, by provider and model. */
export class RefusedParameters {
  readonly #until = new TenantRecords<Map<string, number>>();

  /** Those that were refused within the last hour. */
  of(key: TenantKey): string[] {
    const now = performance.now();
    return [...(this.#until.get(key) ?? [])].flatMap(([name, until]) => (until > now ? [name] : []));
  }

  add(key: TenantKey, names: readonly string[]): void {
    const known = this.#until.get(key) ?? new Map<string, number>();
    for (const name of names) known.set(name, performance.now() + rememberedMs);
    this.#until.set(key, known);
  }
}

/** One request on its way past what the provider does not take. */
export class RequestProfile {
  readonly #refused: RefusedParameters;
  readonly #key: TenantKey;
  readonly #given: JsonObject;
  readonly #without: Set<string>;
  #repeats = 0;

  /**
   * @param options.given  the request as it was asked for.
   * @param options.key    of the tenant, the provider and the model: a tenant's requests may make a provider say things that concern nobody else.
   * @param options.omit   parameters that the provider's settings name.
   */
  constructor(options: { refused: RefusedParameters; key: TenantKey; given: JsonObject; omit: readonly string[] }) {
    this.#refused = options.refused;
    this.#key = options.key;
    this.#given = options.given;
    this.#without = new Set([...options.omit, ...options.refused.of(options.key)]);
  }

  /** The request to send. */
  get body(): JsonObject {
    if (this.#without.size === 0) return this.#given;
    return Object.fromEntries(
      Object.entries(this.#given).flatMap(([name, value]) => {
        const sentAs = this.#nameOf(name);
        return sentAs === undefined ? [] : [[sentAs, value]];
      }),
    );
  }

  /** What somebody asked for and was not sent. */
  get omitted(): string[] {
    if (this.#without.size === 0) return [];
    return Object.keys(this.#given).filter((name) => !additions.has(name) && this.#nameOf(name) === undefined);
  }

  /** The request without what a refusal names; undefined where it names nothing that can be left out. */
  afterRefusal({ status, text }: Refusal): JsonObject | undefined {
    if ((status !== 400 && status !== 422) || this.#repeats++ >= repeats) return undefined;
    const said = wordsOf(text);
    const isUnknown = unknownWords.test(said);
    const named = Object.keys(this.body).filter((name) => omittable.has(name) && (isUnknown || additions.has(name)) && names(said, name));
    // A limit that goes by neither name is not lifted in silence.
    if (named.length === 0 || named.some((name) => this.#without.has(otherNames.get(name) ?? ""))) return undefined;
    for (const name of named) this.#without.add(name);
    this.#refused.add(this.#key, named);
    return this.body;
  }

  /** The name by which a parameter goes; undefined: it is not sent. */
  #nameOf(name: string): string | undefined {
    if (!this.#without.has(name)) return name;
    const other = otherNames.get(name);
    return other === undefined || this.#without.has(other) || this.#given[other] !== undefined ? undefined : other;
  }
}

/** What a refusal says, and of which parameter; not what it may repeat of the request. */
function wordsOf(text: string): string {
  const { message, param } = readError(text);
  return `${message} ${param}`;
}

/** Whether a text has a name as a word of its own: not `stream_options` where it says `stream_options_v2`. */
function names(text: string, name: string): boolean {
  return new RegExp(`(?<![A-Za-z0-9_])${name}(?![A-Za-z0-9_])`).test(text);
}
