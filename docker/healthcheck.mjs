/** Ends with 0 when the part of this container is ready: its database answers, and all that the router needs of the others. */
const port = process.env.AGENT_PLATFORM_PORT || "4000";

try {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
