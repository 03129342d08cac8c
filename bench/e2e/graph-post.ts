import { Client } from "undici";

/** Operations over one kept connection, one after another, as a client of a user has it. */
export class GraphPost {
  readonly #client: Client;
  readonly #path: string;
  readonly #headers: Record<string, string>;

  constructor(graphUrl: string, apiKey?: string) {
    this.#headers = { "content-type": "application/json", ...(apiKey !== undefined && { "x-api-key": apiKey }) };
    const { origin, pathname } = new URL(graphUrl);
    this.#client = new Client(origin);
    this.#path = pathname;
  }

  /** @throws Error when the answer has errors. */
  async ask<D>(query: string, variables: Record<string, unknown>): Promise<D> {
    const { body } = await this.#client.request({
      path: this.#path,
      method: "POST",
      headers: this.#headers,
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await body.json()) as { data?: D; errors?: { message: string }[] };
    if (errors?.length || data === undefined) throw new Error(errors?.map(({ message }) => message).join("\n") ?? "no data");
    return data;
  }
}
