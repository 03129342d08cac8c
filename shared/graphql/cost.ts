/**
 * A root field's price, told where the field is. It goes with the schema: as federation's `@cost` and `@tag` into the supergraph, where the router reads
 * it. A field that says nothing costs what its kind does.
 */
import { Directive } from "type-graphql";

/** Points of what works through a whole document, or is executed. */
export const heavyPoints = 50;
/** Points of what searches an index, sums many rows, or asks every subgraph. */
export const widePoints = 10;

/** The tag of a field that waits for somebody outside, or for a run: it takes minutes where others take milliseconds. */
export const waitsOutsideTag = "waits-outside";

/** The price of a query, mutation or subscription, in points. */
export function Costs(points: number): MethodDecorator {
  return Directive(`@cost(weight: ${points})`);
}

/** The field waits for somebody outside, or for a run. */
export function WaitsOutside(): MethodDecorator {
  return Directive(`@tag(name: "${waitsOutsideTag}")`);
}
