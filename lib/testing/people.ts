import type { Ctx, Role } from "@/lib/kernel/ctx";
import type { OrgId } from "@/lib/kernel/ids";
import { createMember, createOrg } from "./factories";
import { createCookie } from "./session";

/** One signed-in member. */
export interface Person {
  ctx: Ctx;
  cookie: string;
}

export interface People {
  orgId: OrgId;
  viewer: Person;
  policy_manager: Person;
  admin: Person;
  /** Admin of another organisation. */
  stranger: Person;
}

async function createPerson(orgId: OrgId, role: Role): Promise<Person> {
  const ctx = await createMember(orgId, role);
  return { ctx, cookie: await createCookie(ctx) };
}

/** An organisation with one signed-in member per role, and an admin of another one. */
export async function createPeople(): Promise<People> {
  const orgId = await createOrg();
  return {
    orgId,
    viewer: await createPerson(orgId, "viewer"),
    policy_manager: await createPerson(orgId, "policy_manager"),
    admin: await createPerson(orgId, "admin"),
    stranger: await createPerson(await createOrg(), "admin"),
  };
}

export interface ErrorAnswer {
  error: {
    code: string;
    status: number;
    requestId: string;
    issues?: { path: string; line?: number; column?: number }[];
  };
}

/** The parsed JSON of an answer. */
export async function jsonOf<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

/** Status and code of a refusal. */
export async function refusalOf(response: Response): Promise<{ status: number; code: string }> {
  const { error } = await jsonOf<ErrorAnswer>(response);
  return { status: response.status, code: error.code };
}
