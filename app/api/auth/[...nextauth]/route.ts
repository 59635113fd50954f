import NextAuth from "next-auth";
import { authOptions } from "@/lib/auth/auth.server";
import { guardOrigin } from "@/lib/http/route.server";

type Handler = (request: Request, context: unknown) => Promise<Response>;

const handler = guardOrigin((request, context) => (NextAuth(authOptions()) as Handler)(request, context));

export { handler as GET, handler as POST };
