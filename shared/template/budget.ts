import { ComputeClock } from "./compute-clock.ts";
import { templateErrors } from "./errors.ts";

/** What one rendering may cost, and what one template may look like. */
export const templateLimits = {
  /** Rendered text, of one template or of all templates of one value together. */
  renderedBytes: 1024 * 1024,
  /** What lone expressions may give as JSON, together, where it is handed on as it is: the items that are worked on, the input of a sub-workflow. */
  handedOnBytes: 16 * 1024 * 1024,
  renderMs: 500,
  /** Characters and list items that filters and loops may make on the way. */
  allocations: 10_000_000,
  sourceChars: 1024 * 1024,
  /** `{{ … }}` and `{% … %}` in one template. */
  tags: 2_000,
  /** Items of a list that a filter takes. */
  filterItems: 100_000,
  /** Numbers of a range, `(1..n)`. */
  rangeItems: 100_000,
  /** Steps of a path, in the template or in a value that a filter such as `map` takes for one. */
  pathSteps: 20,
} as const;

/** The time and the text that remain for a rendering; shared by all templates of one value. */
export class RenderBudget {
  #remainingBytes: number = templateLimits.renderedBytes;
  #remainingValueBytes: number | undefined;
  readonly #clock = new ComputeClock(templateLimits.renderMs);

  /** @param options.handsOn  what lone expressions give was made before, and is counted apart from what is rendered. */
  constructor({ handsOn = false }: { handsOn?: boolean } = {}) {
    if (handsOn) this.#remainingValueBytes = templateLimits.handedOnBytes;
  }

  /** Looked at between two steps. @throws AppError TEMPLATE_TOO_SLOW */
  checkTime(nowMs?: number): void {
    if (this.#clock.isOver(nowMs)) throw templateErrors.TEMPLATE_TOO_SLOW({ limitMs: templateLimits.renderMs });
  }

  /** How much more may be made; what measures a value can stop there. */
  get bytes(): number {
    return this.#remainingBytes;
  }

  /** The same of what lone expressions give. */
  get valueBytes(): number {
    return this.#remainingValueBytes ?? this.#remainingBytes;
  }

  /** For what a lone expression gives. @throws AppError TEMPLATE_TOO_LARGE */
  spendValue(bytes: number): void {
    if (this.#remainingValueBytes === undefined) return this.spend(bytes);
    this.#remainingValueBytes -= bytes;
    if (this.#remainingValueBytes < 0) throw templateErrors.TEMPLATE_TOO_LARGE({ limitBytes: templateLimits.handedOnBytes });
  }

  /** @throws AppError TEMPLATE_TOO_LARGE */
  spend(bytes: number): void {
    this.#remainingBytes -= bytes;
    if (this.#remainingBytes < 0) throw templateErrors.TEMPLATE_TOO_LARGE({ limitBytes: templateLimits.renderedBytes });
  }
}
