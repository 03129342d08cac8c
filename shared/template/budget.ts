import { templateErrors } from "./errors.ts";

/** What one rendering may cost, and what one template may look like. */
export const templateLimits = {
  /** Rendered text, of one template or of all templates of one value together. */
  renderedBytes: 1024 * 1024,
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
  readonly #deadlineMs = performance.now() + templateLimits.renderMs;

  /** @throws AppError TEMPLATE_TOO_SLOW */
  remainingMs(): number {
    const left = this.#deadlineMs - performance.now();
    if (left <= 0) throw templateErrors.TEMPLATE_TOO_SLOW({ limitMs: templateLimits.renderMs });
    return left;
  }

  /** How much more may be made; what measures a value can stop there. */
  get bytes(): number {
    return this.#remainingBytes;
  }

  /** @throws AppError TEMPLATE_TOO_LARGE */
  spend(bytes: number): void {
    this.#remainingBytes -= bytes;
    if (this.#remainingBytes < 0) throw templateErrors.TEMPLATE_TOO_LARGE({ limitBytes: templateLimits.renderedBytes });
  }
}
