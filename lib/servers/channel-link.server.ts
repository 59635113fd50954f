import "server-only";
import type { ChannelAnswer, ChannelRequest } from "./channel-answer.server";

/** What a link tells its owner. */
export interface LinkEvents {
  /** One message of the upstream, its bytes as they came. */
  readonly onMessage: (message: Uint8Array) => void;
  /** The link is over, by itself; nothing comes after it. */
  readonly onEnd: (error: Error) => void;
}

/** A line of messages to one upstream that lasts as long as a session. */
export interface Link {
  /**
   * Hands one message over. Gives the upstream's own refusal, or null when the message was taken. Throws
   * `upstream_unreachable` when nothing of it was sent.
   */
  send(message: Uint8Array, request: ChannelRequest): Promise<ChannelAnswer | null>;
  /** Stops reading (true) or reads on (false): the upstream is slowed down, nothing is lost. */
  hold(isHeld: boolean): void;
  /** Ends it without telling the owner; settles when nothing of it is left. */
  close(): Promise<void>;
}

/** How an answer ends whose link broke after its message had been sent: as a reset connection does. */
export function brokenLink(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: "ECONNRESET" });
}
