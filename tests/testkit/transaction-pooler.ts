/** A pooler as some stand before PostgreSQL: it lends a session to whoever is in a transaction, and to the next one after it. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What it does with settings that a session starts with; statement: dropped, and there are no transactions of several statements. */
export type OptionsRule = "refused" | "dropped" | "statement";

/** Of a session's start, beside user and database: PgBouncer refuses all others, as it lends sessions to clients that gave none. */
const taken = new Set(["client_encoding", "datestyle", "timezone", "standard_conforming_strings", "application_name"]);

/** A running pooler. */
export interface TransactionPooler extends AsyncDisposable {
  /** A URL of the same role and database that leads through it. */
  through(url: string): string;
  /** Is as before a PostgreSQL that has ended: its sessions are lost, and it opens no others. */
  loseServer(): void;
  /** PostgreSQL is there again. */
  findServer(): void;
}

/** Starts it before the server of a Unix socket. */
export async function startTransactionPooler(socketFolder: string, rule: OptionsRule): Promise<TransactionPooler> {
  const idle = new Map<string, Socket[]>();
  const all = new Set<Socket>();
  const sessions = new Set<Socket>();
  let isServerThere = true;
  const server = createServer((client) => {
    all.add(client.on("error", () => {}));
    void serve(client).catch(() => client.destroy());
  });
  async function serve(client: Socket): Promise<void> {
    const messages = startupOf(client);
    const { user = "", database = user, ...others } = await messages;
    const unknown = Object.keys(others).find((name) => !taken.has(name.toLowerCase()));
    if (rule === "refused" && unknown !== undefined) return refuse(client, `unsupported startup parameter: ${unknown}`);
    client.write(Buffer.concat([message("R", int(0)), message("S", "server_version\x0018.0\0"), message("K", Buffer.alloc(8)), ready]));
    const key = `${user}/${database}`;
    let backend: Socket | undefined;
    let waiting: Buffer[] = [];
    let isTaking = false;
    const take = async () => {
      // Whom it cannot serve it sends away.
      if (!isServerThere) return refuse(client, "server login has been failing, cached error: connect failed (server_login_retry)");
      isTaking = true;
      backend = idle.get(key)?.pop() ?? (await session(user, database));
      backend.on("data", relay).once("close", crashed);
      for (const chunk of waiting.splice(0)) backend.write(chunk);
      isTaking = false;
    };
    const crashed = () => refuse(client, "server conn crashed?");
    let tail = Buffer.alloc(0);
    const relay = (chunk: Buffer) => {
      client.write(chunk);
      tail = Buffer.concat([tail, chunk]).subarray(-6);
      // ReadyForQuery outside of a transaction: the session is anybody's.
      if (!tail.equals(ready)) return;
      backend!.off("data", relay).off("close", crashed);
      idle.set(key, [...(idle.get(key) ?? []), backend!]);
      backend = undefined;
    };
    client.on("data", (chunk: Buffer) => {
      if (chunk[0] === 0x58) return void client.end();
      if (rule === "statement" && /begin/i.test(chunk.toString("latin1")))
        return refuse(client, "transaction blocks not allowed in statement pooling mode");
      if (backend !== undefined) return void backend.write(chunk);
      waiting = [...waiting, chunk];
      if (!isTaking) void take();
    });
  }
  async function session(user: string, database: string): Promise<Socket> {
    const socket = connect(`${socketFolder}/.s.PGSQL.5432`);
    all.add(socket.on("error", () => {}));
    sessions.add(socket.on("close", () => sessions.delete(socket)));
    const body = Buffer.concat([int(196_608), Buffer.from(`user\0${user}\0database\0${database}\0\0`)]);
    socket.write(Buffer.concat([int(body.length + 4), body]));
    let seen = Buffer.alloc(0);
    while (!seen.subarray(-6).equals(ready)) seen = Buffer.concat([seen, ((await once(socket, "data")) as [Buffer])[0]]);
    return socket;
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    through: (url) => url.replace(/@\/([^?]*)\?.*$/, `@127.0.0.1:${port}/$1`),
    loseServer() {
      isServerThere = false;
      idle.clear();
      for (const socket of sessions) socket.destroy();
    },
    findServer() {
      isServerThere = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of all) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** As PgBouncer refuses all that it refuses itself: in a message without the fields that PostgreSQL's have, and then it hangs up. */
function refuse(client: Socket, why: string): void {
  client.end(message("E", `SFATAL\0C08P01\0M${why}\0\0`));
}

/** The parameters of a startup message. */
async function startupOf(client: Socket): Promise<Record<string, string>> {
  const [chunk] = (await once(client, "data")) as [Buffer];
  const words = chunk.subarray(8).toString().split("\0");
  const pairs = words.flatMap((word, index) => (index % 2 === 0 && word !== "" ? [[word, words[index + 1] ?? ""]] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(type: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(type), int(bytes.length + 4), bytes]);
}

const ready = message("Z", "I");
