import { z } from "zod";
import { roles, type Role } from "@/lib/kernel/ctx";

const email = z
  .email()
  .max(254)
  .transform((text) => text.toLowerCase());
const password = z.string().min(12, "At least 12 characters").max(256);
const name = z.string().trim().min(1).max(80);

export const SetupInput = z.strictObject({
  token: z.string().min(1).max(200),
  organisation: name,
  name,
  email,
  password,
});
export type SetupInput = z.infer<typeof SetupInput>;

export const MemberInput = z.strictObject({ name, email, password, role: z.enum(roles) });
export type MemberInput = z.infer<typeof MemberInput>;

/** What a sign-in form sends; anything else is a failed sign-in. */
export const SignInInput = z.object({
  email: z
    .string()
    .max(254)
    .transform((text) => text.trim().toLowerCase()),
  password: z.string().max(256),
});

/** Who is signed in, as pages see it. */
export interface SessionDto {
  userId: string;
  name: string;
  email: string;
  role: Role;
  organisation: { id: string; name: string };
  permissions: string[];
}

export interface MemberDto {
  userId: string;
  name: string;
  email: string;
  role: Role;
}
