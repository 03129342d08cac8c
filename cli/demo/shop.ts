/** The shop that examples talk to, on loopback: its products, its orders, and a model that answers for agents, by script. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerAsModel, completionsPath, saidByPeople, toolAnswers, type Conversation, type Saying } from "../smoke/scripted-model.ts";

/** The running shop. */
export interface DemoShop {
  /** host:port */
  host: string;
  stop(): void;
}

const products = [
  { name: "Desk lamp", price: 39 },
  { name: "Floor lamp", price: 89 },
  { name: "Kettle", price: 25 },
];
const order = { number: 17, item: "Desk lamp", euros: 39, status: "delivered" };
/** Between two words of the model: people are to see them come. */
const pauseMs = 60;

/** Starts it. */
export async function startShop(): Promise<DemoShop> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://shop");
    if (url.pathname === completionsPath) return void answerAsModel(request, response, { say: sayInShop, pauseMs });
    const query = url.searchParams.get("q")?.toLowerCase() ?? "";
    response.setHeader("content-type", "application/json");
    if (url.pathname === "/orders") return void response.end(JSON.stringify(order));
    if (url.pathname === "/refunds") return void response.end(JSON.stringify({ refunded: true }));
    response.end(JSON.stringify({ products: products.filter((product) => product.name.toLowerCase().includes(query)) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, stop: () => server.close() };
}

/** The model of the agents in examples/: what a real one would do, in the order in which it would. */
export function sayInShop(conversation: Conversation): Saying {
  const answers = toolAnswers(conversation);
  const tools = (conversation.tools ?? []).map(({ function: { name } }) => name);
  const question = saidByPeople(conversation).at(-1) ?? "";
  if (tools.includes("product-finder")) return saidOfProducts(question, answers);
  if (conversation.messages[0]?.content?.includes("What you remember:"))
    return { text: "Your refund of order 17 is on its way, Ada. Anything else?" };
  if (answers.length === 0) return { calls: [{ name: "order-lookup", arguments: { number: 17 } }] };
  if (answers.length === 1) return { calls: [{ name: "refund", arguments: { number: 17, euros: 39 } }] };
  if (answers.at(-1)?.includes('"error"')) return { text: "I am sorry: the refund was not approved. A colleague will write to you." };
  return { text: "I am sorry that your desk lamp came broken. 39 EUR are on their way back to you." };
}

function saidOfProducts(question: string, answers: readonly string[]): Saying {
  const word = /desk|floor|kettle/i.exec(question)?.[0].toLowerCase() ?? "lamp";
  if (answers.length === 0) return { calls: [{ name: "product-finder", arguments: { q: word } }] };
  const found = (JSON.parse(answers[0] ?? "{}") as { products?: typeof products }).products ?? [];
  const answer = found.map(({ name, price }) => `${name}: ${price} EUR`).join("; ");
  return { text: JSON.stringify({ answer, sources: found.map(({ name }) => name) }) };
}
