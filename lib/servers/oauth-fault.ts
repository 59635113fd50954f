import { AppError, type ErrorCode } from "@/lib/kernel/errors";
import { oauthFaults, type OauthFault } from "./oauth-words";

type Code = Extract<ErrorCode, "oauth_setup" | "oauth_sign_in">;

/** A sign-in at an upstream that cannot go on: while it is set up, or after the person came back. Its one issue names the fault. */
export function oauthError(code: Code, fault: OauthFault, cause?: unknown): AppError {
  const issues = [{ path: "oauth", code: fault, message: oauthFaults[fault] }];
  return new AppError(code, { detail: fault, issues, ...(cause === undefined ? {} : { cause }) });
}

/** A failed step inside discovery, registration or a token request, before it is known how it is to be reported. */
export class OauthStop extends Error {
  readonly fault: OauthFault;

  constructor(fault: OauthFault, cause?: unknown) {
    super(fault, { cause });
    this.name = "OauthStop";
    this.fault = fault;
  }
}
