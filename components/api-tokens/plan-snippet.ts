/** The command that compares a policy file with what is live, ready to paste; the policy's name is left to fill in. */
export function planSnippet(consoleUrl: string, token: string): string {
  return `POLICYLAYER_URL=${consoleUrl} POLICYLAYER_TOKEN=${token} npx policylayer plan policy.yaml --policy NAME`;
}

/** The smallest request that shows whether the token works: who it acts as. */
export function curlSnippet(consoleUrl: string, token: string): string {
  return `curl -sS ${consoleUrl}/api/session -H 'Authorization: Bearer ${token}'`;
}
