import { Field, Int, ObjectType } from "type-graphql";

/** Runs before one that are counted: whoever asks for a page of a line's end is not to read all of the line for each. */
export const mostAhead = 1_000;

/** Why a run has not begun: where it stands in the line of its workflow's `concurrency`. */
@ObjectType({ description: "Why a run has not begun: as many of its workflow's runs of its key are executed as concurrency says." })
export class RunLine {
  @Field(() => Int, { description: `How many runs of the key wait before it. ${mostAhead}: so many or more.` })
  ahead!: number;

  @Field(() => Int, {
    description: "How many runs of the key may be executed at once: the limit of the version that made the last of them.",
  })
  places!: number;

  @Field(() => Int, { description: "How many of the places are taken." })
  taken!: number;

  /** The run that has had one of the places for longest; null: none has one. */
  holderId!: string | null;
}
