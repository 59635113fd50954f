"use client";

import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/input";
import type { ServerDto } from "@/lib/servers/schema";
import { parseList } from "./setting-words";
import { SettingsDialog } from "./settings-dialog";

/** Which request headers of agents reach the server. */
export function ForwardDialog({ server, onClose }: { server: ServerDto; onClose: () => void }) {
  return (
    <SettingsDialog
      serverId={server.id}
      title="Headers passed on"
      description="Headers of the agent's request that reach this server as they came."
      read={(field) => ({ forwardHeaders: parseList(field("headers")) })}
      onClose={onClose}
    >
      {(errors) => (
        <Field
          label="Header names"
          error={errors["forwardHeaders"]}
          hint="One per line. Credentials, cookies, Host, forwarding and MCP headers can never be passed on. A header that is set for this server wins."
        >
          {(ids) => (
            <Textarea
              {...ids}
              name="headers"
              rows={4}
              spellCheck={false}
              className="font-mono text-sm"
              defaultValue={server.settings.forwardHeaders.join("\n")}
              placeholder="x-tenant"
            />
          )}
        </Field>
      )}
    </SettingsDialog>
  );
}
