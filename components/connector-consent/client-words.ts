import { visibleText } from "@/components/ui/visible-text";
import type { ConsentClient, ConsentProblem } from "@/lib/grants/connector-schema";

/** Where the answer goes, for people. */
export function placeWords({ goesTo }: ConsentClient): string {
  if (goesTo.kind === "web") return visibleText(goesTo.host);
  if (goesTo.kind === "loopback") return `A program on this computer (${goesTo.host})`;
  return `The app on this computer that opens ${goesTo.scheme}: links`;
}

/** How far the client is known. */
export function trustWords({ confirmedBy }: ConsentClient): string {
  if (confirmedBy === null) return "Described by itself. Nobody has checked this name.";
  return `Described by a document at ${visibleText(confirmedBy)}, read just now.`;
}

/** What to look out for, or null. A page elsewhere is named; who listens on this computer cannot be. */
export function cautionWords({ goesTo }: ConsentClient): string | null {
  if (goesTo.kind === "web") return `Go on only if you began this at ${visibleText(goesTo.host)} just now.`;
  return "Go on only if you began this in an app on this computer just now.";
}

export const problemWords: Readonly<Record<ConsentProblem, { title: string; text: string }>> = {
  off: {
    title: "Connecting clients is switched off",
    text: "Whoever runs this installation has set MCP_OAUTH to off. Use a grant token in the client's settings instead.",
  },
  request: {
    title: "This link is not complete",
    text: "The client sent a request that cannot be read. Begin again in the client.",
  },
  client_unknown: {
    title: "This client is not known here",
    text: "Clients that nobody used are forgotten. Remove the connection in the client, add it again, and it introduces itself anew.",
  },
  client_unreadable: {
    title: "This client cannot be identified",
    text: "It names a web address that should describe it, and what was found there is not right.",
  },
  redirect_unknown: {
    title: "This client wants its answer at another address",
    text: "The address to return to is none of those that the client gave before, so that nothing was sent there.",
  },
  not_allowed: {
    title: "This client asks in a way that is not allowed",
    text: "Nothing was approved.",
  },
  server_unknown: {
    title: "There is no such server for you",
    text: "It does not exist, or belongs to an organisation that you are not signed in to.",
  },
};

/** The label of a fresh grant: client and person. */
export function labelFor(client: string, person: string): string {
  const [first = ""] = person.trim().split(/\s+/);
  return [...`${client}${first === "" ? "" : ` (${first})`}`].slice(0, 80).join("");
}
