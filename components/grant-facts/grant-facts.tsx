import Link from "next/link";
import { CopyLine } from "@/components/ui/copy-line";
import { Fact, Facts } from "@/components/ui/facts";
import { PlainText } from "@/components/ui/plain-text";
import { Tag } from "@/components/ui/tag";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { GrantDto } from "@/lib/grants/schema";

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
    <Facts>
      <Fact label={grant.bundle ? "Bundle" : "Server"}>
        <Reach grant={grant} />
      </Fact>
      <Fact label="Policy">
        <PolicyFact grant={grant} />
      </Fact>
      <Fact label="URL for agents">
        <CopyLine text={grant.mcpUrl} label="Copy MCP URL" />
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
    </Facts>
  );
}
