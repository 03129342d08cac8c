/** A server on 127.0.0.1 that answers with bytes as they are scripted: what no HTTP library would send, and on which connection it is sent. */
import { createServer, type AddressInfo, type Socket } from "node:net";

/** A request as it came over its connection. */
export interface RawRequest {
  method: string;
  /** Path and query, byte for byte. */
  target: string;
  /** 1 for the first connection that was made. */
  connection: number;
  /** 1 for the first request of its connection. */
  place: number;
}

/** Bytes to send, whereupon the connection stays open; or a function that does what it wants with the socket. */
export type RawAnswer = string | Uint8Array | ((socket: Socket, request: RawRequest) => void);

/** The running server. */
export interface RawServer {
  url: string;
  hostPort: string;
  /** Every request so far, oldest first. */
  requests: RawRequest[];
  /** What the following requests are answered, each in its turn; the last stays. */
  answer(...answers: RawAnswer[]): void;
  close(): Promise<void>;
}

/** Starts it. */
export async function startRawServer(): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let answers: RawAnswer[] = ["HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"];
  let connections = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    let place = 0;
    let pending = "";
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    socket.on("data", (chunk) => {
      pending += chunk.toString("latin1");
      for (let next = takeRequest(pending); next !== undefined; next = takeRequest(pending)) {
        pending = next.rest;
        const request = { method: next.method, target: next.target, connection, place: ++place };
        requests.push(request);
        const answer = (answers.length > 1 ? answers.shift() : answers[0])!;
        if (typeof answer === "function") answer(socket, request);
        else socket.write(answer);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hostPort = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${hostPort}`,
    hostPort,
    requests,
    answer: (...given) => void (answers = given),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Sends bytes and ends the connection in order. */
export const andEnd =
  (bytes: string | Uint8Array): RawAnswer =>
  (socket) =>
    void socket.end(bytes);

/** An answer with its length said. */
export function rawAnswer(status: number, headers: string[], body: string | Uint8Array = ""): Buffer {
  const bytes = Buffer.from(body);
  const head = [`HTTP/1.1 ${status} Scripted`, `content-length: ${bytes.length}`, ...headers].join("\r\n");
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), bytes]);
}

function takeRequest(text: string): { method: string; target: string; rest: string } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const [method = "", target = ""] = head.split(" ", 2);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  const bodyStart = end + 4;
  return text.length < bodyStart + length ? undefined : { method, target, rest: text.slice(bodyStart + length) };
}
