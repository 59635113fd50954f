import type { ReactNode } from "react";
import { AppShell } from "@/components/shell/app-shell";
import { requireCtx } from "@/lib/auth/auth.server";
import { roleWord } from "./rights";

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const { actor } = await requireCtx("read");
  const viewer =
    actor.kind === "user"
      ? { name: actor.name, email: actor.email, roleWord: roleWord(actor.role) }
      : { name: actor.name, email: "", roleWord: "System" };
  return <AppShell viewer={viewer}>{children}</AppShell>;
}
