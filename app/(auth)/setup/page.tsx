import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { SetUp } from "@/components/set-up/set-up";
import { isSetUp } from "@/lib/auth/auth.server";

export const metadata: Metadata = { title: "Set-up" };

/** First run. The one-time token is in the URL's fragment, which the server never sees; opening the page changes nothing. */
export default async function SetupPage() {
  if (await isSetUp()) notFound();
  return <SetUp />;
}
