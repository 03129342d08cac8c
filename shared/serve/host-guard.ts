/**
 * Who may speak to a server that asks for no key. A web page can make a browser send requests to loopback; what it cannot do is
 * lie about Host (DNS rebinding shows its own name there) and Origin.
 */

/** True for a Host header that names loopback, or one of `allowed` (names without port, or with the port to demand). */
export function isAllowedHost(header: string | undefined, allowed: readonly string[] = []): boolean {
  if (header === undefined) return false;
  const host = header.toLowerCase();
  const name = host.replace(/:\d+$/, "");
  return isLoopbackName(name) || allowed.some((entry) => entry.toLowerCase() === host || entry.toLowerCase() === name);
}

/** True for a name or an address that cannot leave this machine. */
export function isLoopbackName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** True when a browser's Origin may use a server: there is none, it is the server's own, or it is listed. */
export function isAllowedOrigin(origin: string | undefined, host: string | undefined, listed: readonly string[] = []): boolean {
  if (origin === undefined || listed.includes(origin)) return true;
  const own = host?.toLowerCase();
  return origin === `http://${own}` || origin === `https://${own}`;
}

/** True for an origin as a browser sends it, and so one that can be equal to it: `https://app.example.com:8443`. */
export function isWebOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
