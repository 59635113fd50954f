import Link from "next/link";
import type { ReactNode } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Tag } from "@/components/ui/tag";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { GrantDto } from "@/lib/grants/schema";

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-0.5 sm:grid-cols-[8rem_1fr] sm:gap-4">
      <dt className="text-sm text-ink-soft">{label}</dt>
      <dd className="min-w-0 text-base">{children}</dd>
    </div>
  );
}

function Reach({ grant }: { grant: GrantDto }) {
  const [path, reach] = grant.bundle ? ["bundles", grant.bundle] : ["servers", grant.server];
  if (!reach) return null;
  return (
    <Link href={`/${path}/${reach.id}`} className="hover:underline">
      <PlainText text={reach.name} />
    </Link>
  );
}

function PolicyFact({ grant }: { grant: GrantDto }) {
  if (grant.bundle) return <span className="text-ink-soft">one per server of the bundle</span>;
  if (!grant.policy) return <span className="text-amber">none: denies everything</span>;
  return (
    <Link href={`/policies/${grant.policy.id}`} className="hover:underline">
      <PlainText text={grant.policy.name} />
    </Link>
  );
}

/** What a grant may reach, by which policy, and until when. */
export function GrantFacts({ grant }: { grant: GrantDto }) {
  return (
    <dl className="grid gap-3 sm:gap-2.5">
      <Fact label="State">
        <StateChip state={grant.state} />
      </Fact>
      <Fact label={grant.bundle ? "Bundle" : "Server"}>
        <Reach grant={grant} />
      </Fact>
      <Fact label="Policy">
        <PolicyFact grant={grant} />
      </Fact>
      <Fact label="URL for clients">
        <span className="flex items-start gap-1">
          <code className="min-w-0 font-mono text-sm [overflow-wrap:anywhere]">{grant.mcpUrl}</code>
          <CopyButton text={grant.mcpUrl} label="Copy URL for clients" />
        </span>
      </Fact>
      <Fact label="Token">
        <span className="font-mono text-ink-soft">…{grant.tokenHint}</span>
      </Fact>
      {grant.tags.length > 0 ? (
        <Fact label="Tags">
          <span className="inline-flex flex-wrap gap-1.5">
            {grant.tags.map((tag) => (
              <Tag key={tag}>{visibleText(tag)}</Tag>
            ))}
          </span>
        </Fact>
      ) : null}
      <Fact label="Minted">
        <Time at={grant.createdAt} />
      </Fact>
      <Fact label="Ends">{grant.expiresAt ? <Time at={grant.expiresAt} /> : "Never"}</Fact>
      <Fact label="Last used">{grant.lastUsedAt ? <Time at={grant.lastUsedAt} /> : "Never"}</Fact>
    </dl>
  );
}
