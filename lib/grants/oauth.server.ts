import "server-only";

/** The door of OAuth toward clients: the authorisation server, and the clients that hold tokens of a grant. */
export {
  approveConnector,
  countConnectors,
  disconnectConnector,
  listConnectors,
  revokeToken,
} from "./connectors.server";
export { registerClient } from "./oauth-clients.server";
export { readConsent } from "./oauth-consent.server";
export { exchangeToken } from "./oauth-token.server";
