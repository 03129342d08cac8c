import { Ctx, Field, Float, ObjectType, Query, registerEnumType, Resolver } from "type-graphql";
import { Costs, widePoints } from "#shared/graphql/cost.ts";
import type { ServiceHealth } from "../edge/health.ts";
import type { AccessContext } from "./access.services.ts";

/** Whether a service answers. */
export enum HealthStatus {
  UP = "UP",
  DOWN = "DOWN",
}
registerEnumType(HealthStatus, {
  name: "HealthStatus",
  description: "Whether a service and its database answer.",
  valuesConfig: {
    UP: { description: "It and its database answered within 1 s." },
    DOWN: { description: "They did not; message says why." },
  },
});

/** One subgraph's state, in the graph. */
@ObjectType("ServiceHealth", { description: "One subgraph's state." })
class ServiceHealthType implements ServiceHealth {
  @Field(() => String, { description: "The subgraph's name." })
  name!: string;

  @Field(() => HealthStatus, { description: "Whether it answers." })
  status!: HealthStatus;

  @Field(() => Float, { nullable: true, description: "Milliseconds until its answer; null when there was none." })
  latencyMs!: number | null;

  @Field(() => String, { nullable: true, description: "DOWN: why, for people; else null." })
  message!: string | null;
}

/** The services in the graph. */
@Resolver()
export class ServiceHealthResolver {
  @Costs(widePoints)
  @Query(() => [ServiceHealthType], { nullable: true, description: "Every subgraph, by name, asked now, each with a time limit of 1 s." })
  services(@Ctx() { services }: AccessContext): Promise<ServiceHealth[]> {
    return services.probe();
  }
}
