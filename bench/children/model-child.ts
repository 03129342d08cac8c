/** A model that answers at once, in a process of its own: it calls a tool in each turn until it has had as many as it was told, then it answers. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

const turns = Number(process.argv[2]);
const usage = { prompt_tokens: 10, completion_tokens: 5 };
const piece = (delta: object, reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: "c", model: "scripted", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
const end = `data: ${JSON.stringify({ id: "c", model: "scripted", choices: [], usage })}\n\ndata: [DONE]\n\n`;

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const { messages } = JSON.parse(body) as { messages: { role: string }[] };
    const turn = messages.filter(({ role }) => role === "assistant").length + 1;
    const call = { index: 0, id: `call-${turn}`, type: "function", function: { name: "do", arguments: JSON.stringify({ turn }) } };
    const answer = turn < turns ? piece({ tool_calls: [call] }) + piece({}, "tool_calls") : piece({ content: "Done." }) + piece({}, "stop");
    response.writeHead(200, { "content-type": "text/event-stream" }).end(answer + end);
  });
});
server.keepAliveTimeout = 60_000;
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.send!(`127.0.0.1:${(server.address() as AddressInfo).port}`));
