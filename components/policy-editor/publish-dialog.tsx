"use client";

import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote, type Failure } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { countText } from "@/components/ui/word";
import type { PolicyDto } from "@/lib/policies/schema";
import { ChangesStep, CountersStep, ProblemsStep, TestsStep } from "./publish-steps";
import { ReplayStep } from "./replay-step";
import { useChanges } from "./use-changes";
import { errorCount, type Findings } from "./use-problems";
import type { TestFindings } from "./use-test-run";

interface Props {
  policy: PolicyDto;
  version: number;
  text: string;
  findings: Findings;
  tests: TestFindings;
  reason: string;
  sending: boolean;
  failure: Failure | null;
  onPublish: (reason: string, allowFailingTests: boolean) => void;
  onClose: () => void;
}

/** Everything to look at before a text goes live, then the reason; a text with errors cannot be published from here. */
export function PublishDialog({ policy, version, text, findings, tests, sending, failure, onPublish, ...rest }: Props) {
  const formId = useId();
  const [reason, setReason] = useState(rest.reason);
  const [allowed, setAllowed] = useState(false);
  const [missing, setMissing] = useState(false);
  const errors = errorCount(findings.problems);
  const failing = tests.run?.failed ?? 0;
  const changes = useChanges(policy.text, text);
  const blocked = errors > 0 || (failing > 0 && !allowed);
  const grantCount = policy.grants.length;
  return (
    <Dialog
      open
      onOpenChange={rest.onClose}
      width="xl"
      title={`Publish version ${String(version)}`}
      description={
        grantCount === 0
          ? "No grant uses this policy yet."
          : `It governs the next call of ${countText(grantCount, "grant")}. Connections stay open.`
      }
      footer={
        <form
          id={formId}
          className="grid w-full gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            const needed = failing > 0 && reason.trim() === "";
            setMissing(needed);
            if (!blocked && !needed) onPublish(reason.trim(), allowed);
          }}
        >
          {failure ? <ErrorNote failure={failure} /> : null}
          <div className="flex flex-wrap items-end justify-end gap-x-3 gap-y-2">
            <div className="min-w-0 grow basis-64">
              <Field
                label="Reason"
                optional={failing === 0}
                error={missing ? "Say why it goes live with failing tests" : undefined}
              >
                {(ids) => (
                  <Input
                    {...ids}
                    value={reason}
                    maxLength={500}
                    autoFocus
                    placeholder="Kept with the version, for whoever asks later"
                    onChange={(event) => {
                      setReason(event.target.value);
                    }}
                  />
                )}
              </Field>
            </div>
            <Button onClick={rest.onClose}>Cancel</Button>
            <Button type="submit" look="primary" disabled={sending || blocked}>
              {sending ? "Publishing…" : `Publish v${String(version)}`}
            </Button>
          </div>
        </form>
      }
    >
      <ProblemsStep findings={findings} />
      <TestsStep findings={tests} broken={errors > 0} allowed={allowed} onAllow={setAllowed} />
      <ChangesStep before={policy.text} after={text} changes={changes} live={policy.liveVersion} />
      <CountersStep changes={changes} />
      <ReplayStep policyId={policy.id} text={text} broken={errors > 0} />
    </Dialog>
  );
}
