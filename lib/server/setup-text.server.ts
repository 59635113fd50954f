import "server-only";
import { ensureSetupToken } from "@/lib/auth/auth.server";

/** What `npm start` prints at the end: the console's address and, until there is an admin, the one-time set-up link. */
export async function setupText(publicUrl: string): Promise<string> {
  const token = await ensureSetupToken();
  const lines = ["", `Console  ${publicUrl}`];
  if (token !== null)
    lines.push("", "Make the first admin with this link; it works once:", `  ${publicUrl}/setup#${token}`);
  return [...lines, "", "Stop with Ctrl-C.", ""].join("\n");
}
