"use client";

import { useState } from "react";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import type { ServerDto } from "@/lib/servers/schema";
import { driftModes, type DriftMode } from "@/lib/servers/settings";
import { driftWords, parseList } from "./setting-words";
import { SettingsDialog } from "./settings-dialog";

/** What happens when a tool's definition changes, and what the server may ask people for. */
export function SafetyDialog({ server, onClose }: { server: ServerDto; onClose: () => void }) {
  const { settings } = server;
  const [drift, setDrift] = useState<DriftMode>(settings.drift);
  const [isGuarded, setGuarded] = useState(settings.elicitationGuard);
  return (
    <SettingsDialog
      serverId={server.id}
      title="Safety"
      description="What this server may do on its own."
      read={(field) => ({
        drift,
        elicitationGuard: isGuarded,
        ...(isGuarded ? { elicitationHosts: parseList(field("hosts")) } : {}),
      })}
      onClose={onClose}
    >
      {(errors) => (
        <>
          <Field label="When a tool's definition changes" hint={`${driftWords[drift].note}.`}>
            {(ids) => (
              <Select
                {...ids}
                value={drift}
                onChange={(value) => {
                  setDrift(value as DriftMode);
                }}
                choices={driftModes.map((value) => ({ value, ...driftWords[value] }))}
              />
            )}
          </Field>
          <Switch
            checked={isGuarded}
            onChange={setGuarded}
            label="Guard what it asks people for"
            hint="Questions for a password, token, key or card number are declined before anyone sees them; links must be https."
          />
          {isGuarded ? (
            <Field
              label="Hosts that its links may lead to"
              optional
              error={errors["elicitationHosts"]}
              hint="One per line. Empty: any https host."
            >
              {(ids) => (
                <Textarea
                  {...ids}
                  name="hosts"
                  rows={3}
                  spellCheck={false}
                  className="font-mono text-sm"
                  defaultValue={settings.elicitationHosts.join("\n")}
                  placeholder="login.example.com"
                />
              )}
            </Field>
          ) : null}
        </>
      )}
    </SettingsDialog>
  );
}
