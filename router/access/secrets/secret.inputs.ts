import { Directive, Field, InputType, ObjectType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";

/** A new secret. */
@InputType({ description: "A new secret." })
export class CreateSecretInput {
  @Field(() => String, {
    description: "1 to 64 letters, digits or '_', no digit first; unique in the tenant. Configs name it as {{ secrets.NAME }}.",
  })
  name!: string;

  @OwnLimit()
  @Field(() => String, {
    description:
      "The value: 1 to 16,384 characters. Encrypted, and never read back. One of 8 or more is also taken out of whatever its origin answers.",
  })
  value!: string;

  @Field(() => [String], {
    description: "Where it may be sent: 1 to 20 origins, scheme, host and port, such as https://api.example.com. It is sent nowhere else.",
  })
  origins!: string[];
}

/** What is to be changed of a secret. */
@InputType({ description: "What is to be changed of a secret; what is left out stays." })
export class UpdateSecretInput {
  @OwnLimit()
  @Field(() => String, { nullable: true, description: "Another value: 1 to 16,384 characters." })
  value?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: "All of its origins from now on. Without value they can only become fewer: who may edit a secret need not know it.",
  })
  origins?: string[] | null;
}

/** Which values, and for what. */
@InputType({ description: "Which secrets, and where they are to be sent." })
@Directive("@inaccessible")
export class SecretValuesInput {
  @Field(() => [String], { description: "Their names: at most 50." })
  names!: string[];

  @OwnLimit()
  @Field(() => String, { description: "The origin of the call, such as https://api.example.com." })
  origin!: string;
}

/** A value on its way to the call that it is for. */
@ObjectType({ description: "A secret's value, for one call." })
@Directive("@inaccessible")
export class SecretValue {
  @Field(() => String, { description: "The secret's name." })
  name!: string;

  @Field(() => String, { description: "Its value." })
  value!: string;
}
