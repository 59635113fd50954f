import type { Row } from "./error-row";

/** Why a start ends. */
export const startErrors = {
  bad_environment: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "The environment variables are not valid.",
    check: "The start names each bad variable, never its value.",
    exit: 1,
  },
  data_folder_in_use: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "Another PolicyLayer process uses this data folder.",
    check: "Stop the process that the text names, or set POLICYLAYER_DATA_DIR.",
    exit: 75,
  },
  start_failed: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "PolicyLayer could not start.",
    check: "The text names the part and what to change.",
    exit: 1,
  },
  vault_key: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "The vault's key ring is missing or wrong.",
    check: "The settings of the key ring in docs/configuration.md; the text names the key version.",
    exit: 78,
  },
  vault_record: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "A sealed record cannot be opened.",
    check: "The row that the log names: altered, moved, or sealed with a key that is gone.",
  },
} as const satisfies Record<string, Row>;
