import { redirect } from "next/navigation";

interface Props {
  params: Promise<{ policyId: string }>;
}

/** The tests stand beside the text that they judge. */
export default async function PolicyTestsPage({ params }: Props) {
  const { policyId } = await params;
  redirect(`/policies/${encodeURIComponent(policyId)}?panel=tests`);
}
