import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import type { Draft, LocalServers } from "./server-draft";

const webChoices = [
  { value: "http", label: "Streamable HTTP", note: "Most servers" },
  { value: "sse", label: "HTTP + SSE", note: "Older servers, written for MCP 2024-11-05" },
];
const localChoice = { value: "stdio", label: "Local process (stdio)", note: "A program that the gateway starts" };

interface TransportProps {
  value: Draft["transport"];
  local: LocalServers;
  onChange: (transport: Draft["transport"]) => void;
}

export function TransportField({ value, local, onChange }: TransportProps) {
  return (
    <Field label="Transport" hint={local.refusal}>
      {(ids) => (
        <Select
          {...ids}
          value={value}
          choices={local.refusal === null ? [...webChoices, localChoice] : webChoices}
          onChange={(transport) => {
            onChange(transport as Draft["transport"]);
          }}
        />
      )}
    </Field>
  );
}

interface FieldsProps {
  draft: Draft;
  errors: Record<string, string>;
  onChange: (part: Partial<Draft>) => void;
}

const addressHints = {
  http: "The MCP endpoint, such as https://mcp.example.com/mcp",
  sse: "The event stream, such as https://mcp.example.com/sse",
};

export function AddressFields({ draft, errors, onChange }: FieldsProps) {
  return (
    <>
      <Field label="URL" error={errors.url} hint={draft.transport === "sse" ? addressHints.sse : addressHints.http}>
        {(ids) => (
          <Input
            {...ids}
            type="url"
            className="font-mono"
            value={draft.url}
            onChange={(event) => {
              onChange({ url: event.target.value });
            }}
          />
        )}
      </Field>
      <Switch
        checked={draft.allowPrivateNetwork}
        onChange={(allowPrivateNetwork) => {
          onChange({ allowPrivateNetwork });
        }}
        label="Private network"
        hint="Needed for a server on localhost or inside your own network. Off, such addresses are refused."
      />
    </>
  );
}

export function CommandFields({ draft, commands, errors, onChange }: FieldsProps & { commands: readonly string[] }) {
  const lineOfError = Object.keys(errors).find((path) => path.startsWith("args"));
  return (
    <>
      <Field
        label="Command"
        error={errors.command}
        hint="Started on the gateway's machine, with its rights. The list is the operator's."
      >
        {(ids) => (
          <Select
            {...ids}
            className="font-mono"
            value={draft.command}
            placeholder="Choose a program"
            choices={commands.map((command) => ({ value: command, label: command }))}
            onChange={(command) => {
              onChange({ command });
            }}
          />
        )}
      </Field>
      <Field
        optional
        label="Arguments"
        error={lineOfError === undefined ? undefined : errors[lineOfError]}
        hint="One per line, passed as they are; no shell reads them. Everybody who sees this server sees them: secrets go below."
      >
        {(ids) => (
          <Textarea
            {...ids}
            className="font-mono"
            rows={3}
            spellCheck={false}
            value={draft.argumentLines}
            onChange={(event) => {
              onChange({ argumentLines: event.target.value });
            }}
          />
        )}
      </Field>
    </>
  );
}
