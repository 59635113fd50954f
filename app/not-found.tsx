import type { Metadata } from "next";
import { Notice } from "@/components/shell/notice";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return <Notice title="There is no such page">It may have been deleted, or the link is wrong.</Notice>;
}
