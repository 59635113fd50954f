import { adminRoute } from "@/lib/http/route.server";
import { SignInReturn } from "@/lib/servers/oauth-schema";
import { finishSignIn } from "@/lib/servers/servers.server";

/** Where our own page hands in what an authorisation server sent a person back with: a POST, so that the own-origin check applies. */
export const POST = adminRoute({
  permission: "server.manage",
  body: SignInReturn,
  handle: ({ ctx, body }) => finishSignIn(ctx, body),
});
