"use client";

import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Select, type Choice } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import { deadlines } from "@/lib/gateway/deadlines";
import type { ServerDto, ServerPatch } from "@/lib/servers/schema";
import type { TimeoutName } from "@/lib/servers/settings";
import { parseSeconds, secondsText, timeoutNames, timeoutWords } from "./setting-words";
import { SettingsDialog } from "./settings-dialog";

interface Props {
  server: ServerDto;
  /** A process of this machine: it has no address and no certificate. */
  isLocal: boolean;
  onClose: () => void;
}

type Trust = "public" | "keep" | "paste";

/** Time-outs, private networks and certificate authorities of one server. */
export function ConnectionDialog({ server, isLocal, onClose }: Props) {
  const { timeouts, authorities } = server.settings;
  const before: Trust = authorities.length > 0 ? "keep" : "public";
  const [isPrivate, setPrivate] = useState(server.allowPrivateNetwork);
  const [trust, setTrust] = useState<Trust>(before);
  const read = (field: (name: string) => string): ServerPatch => ({
    timeouts: Object.fromEntries(timeoutNames.map((name) => [name, parseSeconds(field(name))])),
    ...(isLocal || isPrivate === server.allowPrivateNetwork ? {} : { allowPrivateNetwork: isPrivate }),
    ...(isLocal || trust === "keep" || (trust === "public" && before === "public")
      ? {}
      : { caPem: trust === "public" ? null : field("caPem") }),
  });
  return (
    <SettingsDialog
      serverId={server.id}
      title="Connection"
      description="How the gateway reaches this server, and how long it waits."
      read={read}
      onClose={onClose}
    >
      {(errors) => (
        <>
          <fieldset className="grid items-start gap-x-4 gap-y-3 sm:grid-cols-2">
            <legend className="mb-2 text-sm text-ink-soft">Seconds. An empty field is the default.</legend>
            {timeoutNames.map((name) => (
              <Timeout key={name} name={name} own={timeouts[name]} error={errors[`timeouts.${name}`]} />
            ))}
          </fieldset>
          {isLocal ? null : (
            <>
              <PrivateSwitch checked={isPrivate} isNew={!server.allowPrivateNetwork} onChange={setPrivate} />
              <Field label="Certificates" hint="TLS 1.2 or newer and a valid certificate are always asked for.">
                {(ids) => (
                  <Select
                    {...ids}
                    value={trust}
                    onChange={(value) => {
                      setTrust(value as Trust);
                    }}
                    choices={trustChoices(authorities.map((authority) => authority.name))}
                  />
                )}
              </Field>
              {trust === "paste" ? (
                <Field label="Authority, PEM" error={errors["caPem"]} hint="Certificates only, one after another.">
                  {(ids) => (
                    <Textarea
                      {...ids}
                      name="caPem"
                      rows={6}
                      spellCheck={false}
                      className="font-mono text-sm"
                      placeholder="-----BEGIN CERTIFICATE-----"
                    />
                  )}
                </Field>
              ) : null}
            </>
          )}
        </>
      )}
    </SettingsDialog>
  );
}

function trustChoices(own: readonly string[]): Choice[] {
  const kept: Choice[] =
    own.length > 0 ? [{ value: "keep", label: "Only the set authority", note: own.join(", ") }] : [];
  return [
    { value: "public", label: "Public authorities", note: "Those that this machine's Node.js comes with" },
    ...kept,
    { value: "paste", label: own.length > 0 ? "Another authority…" : "An authority of your own…" },
  ];
}

function Timeout({ name, own, error }: { name: TimeoutName; own: number | null; error: string | undefined }) {
  const { label, hint } = timeoutWords[name];
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <Input
          {...ids}
          name={name}
          inputMode="decimal"
          autoComplete="off"
          defaultValue={own === null ? "" : secondsText(own)}
          placeholder={`${secondsText(deadlines[name])} (default)`}
        />
      )}
    </Field>
  );
}

interface SwitchProps {
  checked: boolean;
  /** It was off until now. */
  isNew: boolean;
  onChange: (checked: boolean) => void;
}

function PrivateSwitch({ checked, isNew, onChange }: SwitchProps) {
  return (
    <div className="grid gap-2">
      <Switch
        checked={checked}
        onChange={onChange}
        label="Private network"
        hint="Lets this server be at a loopback or private address, and be spoken to without TLS."
      />
      {checked && isNew ? (
        <p role="status" className="flex items-start gap-2 rounded-md bg-amber-soft px-3 py-2 text-sm text-amber">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span>
            Whoever controls this server&rsquo;s name can then point the gateway at machines inside your network. Switch
            it on for a server that you run yourself. Link-local addresses and the gateway&rsquo;s own ports stay
            closed.
          </span>
        </p>
      ) : null}
    </div>
  );
}
