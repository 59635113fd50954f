import { redirect } from "next/navigation";
import { requireCtx } from "@/lib/auth/auth.server";

/** Settings begin with the one page that everybody may open. */
export default async function SettingsPage() {
  await requireCtx("read");
  redirect("/settings/api-tokens");
}
