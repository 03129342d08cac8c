/** Requests that come in together: a few in each turn of the main loop, lanes in turn. */
import { PassThrough } from "node:stream";
import type { Socket } from "node:net";
import { Arrivals } from "../../../router/edge/rates/arrivals.ts";

/** The requests, by lane and number, and those that were begun, in the order in which they were. */
function setup() {
  const arrivals = new Arrivals();
  const begun: string[] = [];
  const take = (lane: string, count: number, socket?: Socket) => {
    for (let number = 1; number <= count; number++)
      arrivals.take({ ...(socket && { socket }), lane: () => lane, begin: () => begun.push(`${lane}${number}`) });
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { arrivals, begun, take, turn };
}

/** A connection as far as it is of interest here: whether it is read, and whether it has ended. */
const connection = () => new PassThrough() as unknown as Socket;

describe("requests that come in together", () => {
  it("are begun eight in a turn, and those of another lane with the next of them", async () => {
    const { begun, take, turn } = setup();
    take("a", 20);
    take("b", 1);
    expect(begun).toEqual(["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"]);
    await turn();
    expect(begun.slice(8)).toEqual(["a9", "b1", "a10", "a11", "a12", "a13", "a14", "a15"]);
    await turn();
    expect(begun.slice(16)).toEqual(["a16", "a17", "a18", "a19", "a20"]);
  });

  it("are begun at once where they are few, turn by turn", async () => {
    const { begun, take, turn } = setup();
    take("a", 8);
    await turn();
    take("b", 8);
    expect(begun).toHaveLength(16);
  });

  it("are read no further from a connection that has sixteen of them waiting, until it has fewer", async () => {
    const { begun, take, turn } = setup();
    const socket = connection();
    take("a", 23, socket);
    expect(socket.isPaused()).toBe(false);
    take("a", 1, socket);
    expect(socket.isPaused()).toBe(true);
    await turn();
    expect(socket.isPaused()).toBe(false);
    await turn();
    expect(begun).toHaveLength(24);
  });

  it("are not begun when their connection has ended meanwhile", async () => {
    const { begun, take, turn } = setup();
    const socket = connection();
    take("a", 9, socket);
    socket.destroy();
    await turn();
    expect(begun).toHaveLength(8);
  });
});
