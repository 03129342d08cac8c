import { createClient, type Client, type SubscribePayload } from "graphql-ws";
import { WebSocket } from "ws";

interface RunEventSeen {
  runStatus: string | null;
}

/** An event of a run, or a page of them, under the name of the subscription that brought it. */
export type RunEventFrame = Record<string, RunEventSeen | RunEventSeen[]>;

/** A subscription that has not completed by then is lost. */
const deadlineMs = 120_000;

/** One WebSocket that stays open: its subscriptions one after another. */
export class GraphSocket {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Connects. */
  static async open(graphUrl: string, apiKey?: string): Promise<GraphSocket> {
    const connectionParams = apiKey === undefined ? {} : { "x-api-key": apiKey };
    const url = graphUrl.replace(/^http/, "ws");
    const client = createClient({ url, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0, connectionParams });
    await new Promise<void>((resolve, reject) => {
      client.on("connected", () => resolve());
      client.on("closed", () => reject(new Error("the socket was closed")));
    });
    return new GraphSocket(client);
  }

  /** Runs one to its end. @throws whatever `hear` throws; Error when it is refused, lost or late. */
  async subscribe(payload: SubscribePayload, hear: (frame: RunEventFrame) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => fail(new Error(`no end after ${deadlineMs} ms`)), deadlineMs);
      const stop = this.#client.subscribe<RunEventFrame>(payload, {
        next: ({ data, errors }) => {
          if (errors?.length || data == null) return fail(new Error(errors?.map(({ message }) => message).join("\n") ?? "no data"));
          try {
            hear(data);
          } catch (cause) {
            fail(cause);
          }
        },
        error: (cause) => fail(cause),
        complete: () => {
          clearTimeout(late);
          resolve();
        },
      });
      const fail = (cause: unknown) => {
        clearTimeout(late);
        reject(cause instanceof Error ? cause : new Error(JSON.stringify(cause)));
        stop();
      };
    });
  }
}
