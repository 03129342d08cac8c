import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sayInSmoke } from "./agent-samples.ts";
import { sayAhoy } from "./skill-samples.ts";
import { sayInTeam } from "./team-samples.ts";
import { answerAsModel, completionsPath, type Conversation, type Saying } from "./scripted-model.ts";

/** The HTTP server that the smoke test's tool and retriever talk to. */
export interface LocalServer {
  /** host:port, as AGENT_PLATFORM_EGRESS_ALLOW wants it. */
  host: string;
  stop(): void;
}

/** Serves `/documents` (a list), `/weather?city=` (a JSON answer that echoes a header) and, beneath `/v1`, a model for agents and teams, on loopback. */
export async function startLocalServer(port: number): Promise<LocalServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://local");
    if (url.pathname === completionsPath) return void answerAsModel(request, response, { say });
    response.setHeader("content-type", "application/json");
    if (url.pathname === "/documents") return response.end(JSON.stringify({ documents }));
    if (url.pathname === "/weather")
      return response.end(JSON.stringify({ city: url.searchParams.get("city"), degrees: 21, client: request.headers["x-client"] }));
    response.statusCode = 404;
    return response.end("{}");
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}

function say(conversation: Conversation): Saying {
  return sayAhoy(conversation) ?? sayInTeam(conversation) ?? sayInSmoke(conversation);
}

const documents = [
  { id: "tea", title: "Tea", text: "Green tea is brewed at eighty degrees." },
  { id: "coffee", title: "Coffee", text: "Coffee beans are roasted before they are ground." },
];
