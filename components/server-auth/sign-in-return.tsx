"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { buttonLook } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";

/**
 * Hands in what the authorisation server sent the browser back with, once. The code leaves the address bar at once, so that it is in no
 * history and no referrer.
 */
export function SignInReturn() {
  const router = useRouter();
  const sent = useRef(false);
  const finish = useAction(async (query: string) => {
    const { serverId } = await api<{ serverId: string }>("POST", "/api/oauth/upstream/callback", { query });
    toast.success("Connected. The server's tools are scanned.");
    router.replace(`/servers/${serverId}`);
  });
  const { run } = finish;
  useEffect(() => {
    if (sent.current) return;
    sent.current = true;
    const query = window.location.search.slice(1);
    window.history.replaceState(null, "", window.location.pathname);
    void run(query);
  }, [run]);
  if (!finish.failure) {
    return (
      <p role="status" className="text-base text-ink-soft">
        Finishing the sign-in…
      </p>
    );
  }
  const [issue] = finish.failure.issues;
  return (
    <div className="grid max-w-3xl gap-4">
      <ErrorNote failure={issue ? { ...finish.failure, detail: `${issue.message}.` } : finish.failure} />
      <Link href="/servers" className={buttonLook({ className: "w-fit" })}>
        Back to the servers
      </Link>
    </div>
  );
}
