import { Directive, Field, ID, Int, ObjectType } from "type-graphql";

/** Something that a node run left behind: an output too large for its row, or a file. Content is loaded only where it is asked for. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "Something that a node run left behind: an output above 2 kB." })
export class NodeArtifact {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;

  runId!: string;

  path!: string;

  @Field(() => String, { description: "What it is: OUTPUT." })
  artifactType!: string;

  @Field(() => String, { nullable: true, description: "Its name, for people; null: it has none." })
  name!: string | null;

  @Field(() => String, { nullable: true, description: "Where it lies, when it lies outside the platform; null: it does not." })
  storageUri!: string | null;

  @Field(() => Int, { description: "Bytes of its content." })
  sizeBytes!: number;

  @Field(() => Date, { description: "When it was stored." })
  createdAt!: Date;
}
