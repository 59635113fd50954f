import type { Metadata } from "next";
import { Notice } from "@/components/shell/notice";

export const metadata: Metadata = { title: "Not allowed" };

export default function Forbidden() {
  return (
    <Notice title="Your role may not open this page">
      Ask an admin of your organisation for a role that may. Nothing was shown or changed.
    </Notice>
  );
}
