"use client";

import { ChartNoAxesColumn, CopyPlus, Download, Ellipsis, History } from "lucide-react";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { api, failureOf } from "@/components/shell/api";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/menu";
import { fileName, saveFile } from "@/components/ui/save-file";
import type { PolicyDto, PolicyListItem } from "@/lib/policies/schema";

interface Props {
  policy: PolicyListItem;
  /** Why this person may not write policies; null when they may. */
  refusal: string | null;
}

/** What can be done with a policy without opening it. */
export function PolicyMenu({ policy, refusal }: Props) {
  const router = useRouter();
  const go = (path: string) => () => {
    router.push(path);
  };
  return (
    <Menu
      trigger={
        <Button look="ghost" size="icon" aria-label={`Actions for ${policy.name}`}>
          <Ellipsis aria-hidden />
        </Button>
      }
    >
      <MenuItem onSelect={go(`/policies/${policy.id}/versions`)}>
        <History aria-hidden /> Versions
      </MenuItem>
      <MenuItem onSelect={go(`/policies/${policy.id}/coverage`)}>
        <ChartNoAxesColumn aria-hidden /> Coverage
      </MenuItem>
      <MenuSeparator />
      {refusal === null ? (
        <MenuItem onSelect={go(`/policies/new?from=${policy.id}`)}>
          <CopyPlus aria-hidden /> Duplicate…
        </MenuItem>
      ) : null}
      <MenuItem disabled={policy.liveVersion === null} onSelect={() => void exportText(policy)}>
        <Download aria-hidden /> Export YAML
      </MenuItem>
    </Menu>
  );
}

/** The live text, byte for byte. */
async function exportText({ id, name }: PolicyListItem): Promise<void> {
  try {
    const { text } = await api<PolicyDto>("GET", `/api/policies/${id}`);
    saveFile(fileName(name, "yaml"), text, "application/yaml;charset=utf-8");
  } catch (error) {
    const { title, code } = failureOf(error);
    toast.error(`Not exported. ${title} (${code})`);
  }
}
