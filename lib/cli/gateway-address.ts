import { CommandFailure, exits } from "./exit-codes";

/**
 * The origin to talk to. A token goes over TLS or stays on this machine: plain http to another host is refused unless `insecure`.
 * Throws `CommandFailure` (64).
 */
export function readAddress(url: string | null, insecure: boolean): string {
  if (url === null) {
    throw new CommandFailure(exits.usage, "Which gateway? Give --url URL, or set POLICYLAYER_URL");
  }
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !["http:", "https:"].includes(parsed.protocol) || parsed.username !== "" || parsed.password !== "") {
    throw new CommandFailure(exits.usage, "--url is an origin, such as https://policylayer.example");
  }
  if (parsed.protocol === "http:" && !isLoopback(parsed.hostname) && !insecure) {
    const hint = "Use https, or --insecure where the network in between is trusted.";
    throw new CommandFailure(exits.usage, `The token would cross the network to ${parsed.host} in the clear`, hint);
  }
  return parsed.origin;
}

/** Names and addresses that never leave this machine. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** An API token. Throws `CommandFailure` (64) for what cannot be one, without repeating it. */
export function readToken(token: string | null): string {
  if (token === null) {
    const hint = "Settings, API tokens makes one; set it as POLICYLAYER_TOKEN.";
    throw new CommandFailure(exits.usage, "Which token? Set POLICYLAYER_TOKEN, or give --token TOKEN", hint);
  }
  if (/^plt_[\x21-\x7e]{1,190}$/.test(token)) return token;
  throw new CommandFailure(exits.usage, "This is no API token: one begins with plt_ and has no spaces");
}
