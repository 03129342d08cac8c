import { Ctx, Field, Int, ObjectType, Query, registerEnumType, Resolver } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import type { PartHealth } from "#shared/part-health.ts";
import type { AccessContext } from "./access.services.ts";

/** Whether a part serves. */
enum PartState {
  STARTING = "STARTING",
  UP = "UP",
  DOWN = "DOWN",
}
registerEnumType(PartState, {
  name: "PartState",
  description: "Whether a part of the platform serves.",
  valuesConfig: {
    STARTING: { description: "Its process runs and does not serve yet." },
    UP: { description: "It serves." },
    DOWN: { description: "It has ended; it is started again by itself." },
  },
});

/** Why a part ended. */
enum PartEndCause {
  KILLED = "KILLED",
  STUCK = "STUCK",
  CRASHED = "CRASHED",
  UNSTARTED = "UNSTARTED",
  UNKNOWN = "UNKNOWN",
}
registerEnumType(PartEndCause, {
  name: "PartEndCause",
  description: "Why a part of the platform ended.",
  valuesConfig: {
    KILLED: { description: "A signal from outside, such as the system's when memory runs out." },
    STUCK: { description: "Its main loop did not turn." },
    CRASHED: { description: "By itself, after it had served." },
    UNSTARTED: { description: "By itself, before it served." },
    UNKNOWN: { description: "Nobody saw why; its log may say." },
  },
});

@ObjectType("PartHealth", { description: "A part of the platform that is a process, as its supervisor knows it." })
class PartHealthType {
  @Field(() => String, { description: "PostgreSQL, API, worker; workers are numbered where there are several." })
  name!: string;

  @Field(() => PartState, { description: "Whether it serves." })
  state!: PartHealth["state"];

  @Field(() => Date, { description: "When it came into this state." })
  since!: Date;

  @Field(() => Int, { description: "How often it was started again, since the platform was." })
  restarts!: number;

  @Field(() => PartEndCause, { nullable: true, description: "Why it ended last; null where it has not." })
  lastEndCause!: PartHealth["lastEndCause"];
}

/** The parts in the graph. */
@Resolver()
export class PartHealthResolver {
  @Needs("platform:read")
  @Query(() => [PartHealthType], {
    nullable: true,
    description: "The platform's processes, as the supervisor of `npm start` told last. Empty where each process is started by itself.",
  })
  parts(@Ctx() { services }: AccessContext): PartHealthType[] {
    return services.parts().map(({ since, ...part }) => ({ ...part, since: new Date(since) }));
  }
}
