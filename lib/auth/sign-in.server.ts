import "server-only";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { prisma } from "@/lib/db/db.server";
import { singleton } from "@/lib/kernel/singleton";
import { takeAttempt } from "./attempts.server";
import { isPassword } from "./password.server";
import { SignInInput } from "./schema";
import { openSession } from "./sessions.server";
import type { Visitor } from "./visitor";

const perAccount = { points: 5, duration: 60 };
const perAddress = { points: 30, duration: 60 };

function limits() {
  return singleton("sign-in-limits", () => ({
    account: new RateLimiterMemory(perAccount),
    address: new RateLimiterMemory(perAddress),
  }));
}

/**
 * Opens a session for the right e-mail and password; null for every wrong one, with the same work done for an unknown person.
 * Throws `too_many_requests` from the sixth attempt per address and account, and the 31st per address, within a minute.
 */
export async function signIn(input: unknown, visitor: Visitor): Promise<{ userId: string; sessionId: string } | null> {
  const parsed = SignInInput.safeParse(input);
  if (!parsed.success) return null;
  const { email, password } = parsed.data;
  const account = `${visitor.address} ${email}`;
  await admit(account, visitor.address);
  const user = await prisma().user.findUnique({
    where: { email },
    include: { members: { orderBy: { createdAt: "asc" }, take: 1 } },
  });
  const isRight = await isPassword(user?.passwordHash ?? null, password);
  const member = user?.members[0];
  if (!isRight || !member) return null;
  await limits().account.delete(account);
  const sessionId = await openSession({ userId: member.userId, orgId: member.orgId, ...visitor });
  return { userId: member.userId, sessionId };
}

/** Takes a point before the password is looked at, so that parallel attempts cannot share one. */
async function admit(account: string, address: string): Promise<void> {
  await takeAttempt(limits().address, address, "sign-in");
  await takeAttempt(limits().account, account, "sign-in");
}
