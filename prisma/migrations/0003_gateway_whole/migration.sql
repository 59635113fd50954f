-- DropForeignKey
ALTER TABLE "grant" DROP CONSTRAINT "grant_server_id_fkey";

-- AlterTable
ALTER TABLE "grant" ADD COLUMN     "bundle_id" UUID,
ALTER COLUMN "server_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "server" ADD COLUMN     "args" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "auth_mode" TEXT NOT NULL DEFAULT 'static',
ADD COLUMN     "ca_pem" TEXT,
ADD COLUMN     "command" TEXT,
ADD COLUMN     "connect_timeout_ms" INTEGER,
ADD COLUMN     "drift" TEXT NOT NULL DEFAULT 'enforce',
ADD COLUMN     "elicitation_guard" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "elicitation_hosts" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "first_byte_timeout_ms" INTEGER,
ADD COLUMN     "forward_headers" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "idle_timeout_ms" INTEGER,
ADD COLUMN     "total_timeout_ms" INTEGER,
ADD COLUMN     "transport" TEXT NOT NULL DEFAULT 'http';

-- AlterTable
ALTER TABLE "server_tool" ADD COLUMN     "accepted_at" TIMESTAMPTZ(6),
ADD COLUMN     "accepted_by_id" UUID,
ADD COLUMN     "accepted_definition" TEXT,
ADD COLUMN     "accepted_digest" TEXT,
ADD COLUMN     "blocked_by" TEXT,
ADD COLUMN     "changed_at" TIMESTAMPTZ(6),
ADD COLUMN     "rejected_digest" TEXT;

-- CreateTable
CREATE TABLE "server_oauth" (
    "server_id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'none',
    "reason" TEXT,
    "issuer" TEXT,
    "resource" TEXT,
    "scopes" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "sealed_access" TEXT,
    "sealed_refresh" TEXT,
    "access_issued_at" TIMESTAMPTZ(6),
    "access_expires_at" TIMESTAMPTZ(6),
    "renewing_until" TIMESTAMPTZ(6),
    "connected_at" TIMESTAMPTZ(6),
    "connected_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "server_oauth_pkey" PRIMARY KEY ("server_id")
);

-- CreateTable
CREATE TABLE "server_oauth_client" (
    "server_id" UUID NOT NULL,
    "issuer" TEXT NOT NULL,
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "auth_method" TEXT NOT NULL DEFAULT 'none',
    "sealed_secret" TEXT,
    "redirect_uri" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "server_oauth_client_pkey" PRIMARY KEY ("server_id","issuer")
);

-- CreateTable
CREATE TABLE "server_oauth_state" (
    "state_hash" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "server_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "issuer" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "scopes" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "redirect_uri" TEXT NOT NULL,
    "sealed_verifier" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "used_at" TIMESTAMPTZ(6),

    CONSTRAINT "server_oauth_state_pkey" PRIMARY KEY ("state_hash")
);

-- CreateTable
CREATE TABLE "bundle" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bundle_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bundle_member" (
    "bundle_id" UUID NOT NULL,
    "server_id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "prefix" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "policy_id" UUID,

    CONSTRAINT "bundle_member_pkey" PRIMARY KEY ("bundle_id","server_id")
);

-- CreateTable
CREATE TABLE "oauth_client" (
    "client_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "redirect_uris" TEXT[],
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(6),

    CONSTRAINT "oauth_client_pkey" PRIMARY KEY ("client_id")
);

-- CreateTable
CREATE TABLE "oauth_code" (
    "code_hash" TEXT NOT NULL,
    "org_id" UUID NOT NULL,
    "grant_id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "redirect_uri" TEXT NOT NULL,
    "code_challenge" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "family_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "used_at" TIMESTAMPTZ(6),

    CONSTRAINT "oauth_code_pkey" PRIMARY KEY ("code_hash")
);

-- CreateTable
CREATE TABLE "oauth_token" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "grant_id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "family_id" UUID NOT NULL,
    "resource" TEXT NOT NULL,
    "access_hash" TEXT NOT NULL,
    "refresh_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "access_expires_at" TIMESTAMPTZ(6) NOT NULL,
    "refresh_expires_at" TIMESTAMPTZ(6) NOT NULL,
    "spent_at" TIMESTAMPTZ(6),
    "revoked_at" TIMESTAMPTZ(6),
    "last_used_at" TIMESTAMPTZ(6),

    CONSTRAINT "oauth_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotent_call" (
    "grant_id" UUID NOT NULL,
    "key_hash" TEXT NOT NULL,
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "call_digest" TEXT NOT NULL,
    "decision_id" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "sealed_answer" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "idempotent_call_pkey" PRIMARY KEY ("grant_id","key_hash")
);

-- CreateTable
CREATE TABLE "mcp_task" (
    "server_id" UUID NOT NULL,
    "task_hash" TEXT NOT NULL,
    "org_id" UUID NOT NULL,
    "grant_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "mcp_task_pkey" PRIMARY KEY ("server_id","task_hash")
);

-- CreateIndex
CREATE UNIQUE INDEX "server_oauth_client_id_key" ON "server_oauth_client"("id");

-- CreateIndex
CREATE UNIQUE INDEX "server_oauth_state_id_key" ON "server_oauth_state"("id");

-- CreateIndex
CREATE INDEX "server_oauth_state_expires_at_idx" ON "server_oauth_state"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "bundle_org_id_name_key" ON "bundle"("org_id", "name");

-- CreateIndex
CREATE INDEX "bundle_member_server_id_idx" ON "bundle_member"("server_id");

-- CreateIndex
CREATE INDEX "bundle_member_policy_id_idx" ON "bundle_member"("policy_id");

-- CreateIndex
CREATE UNIQUE INDEX "bundle_member_bundle_id_prefix_key" ON "bundle_member"("bundle_id", "prefix");

-- CreateIndex
CREATE INDEX "oauth_client_created_at_idx" ON "oauth_client"("created_at");

-- CreateIndex
CREATE INDEX "oauth_code_family_id_idx" ON "oauth_code"("family_id");

-- CreateIndex
CREATE INDEX "oauth_code_grant_id_idx" ON "oauth_code"("grant_id");

-- CreateIndex
CREATE UNIQUE INDEX "oauth_token_access_hash_key" ON "oauth_token"("access_hash");

-- CreateIndex
CREATE UNIQUE INDEX "oauth_token_refresh_hash_key" ON "oauth_token"("refresh_hash");

-- CreateIndex
CREATE INDEX "oauth_token_grant_id_idx" ON "oauth_token"("grant_id");

-- CreateIndex
CREATE INDEX "oauth_token_family_id_idx" ON "oauth_token"("family_id");

-- CreateIndex
CREATE UNIQUE INDEX "idempotent_call_id_key" ON "idempotent_call"("id");

-- CreateIndex
CREATE INDEX "idempotent_call_expires_at_idx" ON "idempotent_call"("expires_at");

-- CreateIndex
CREATE INDEX "mcp_task_grant_id_idx" ON "mcp_task"("grant_id");

-- CreateIndex
CREATE INDEX "mcp_task_expires_at_idx" ON "mcp_task"("expires_at");

-- CreateIndex
CREATE INDEX "grant_bundle_id_idx" ON "grant"("bundle_id");

-- AddForeignKey
ALTER TABLE "server_oauth" ADD CONSTRAINT "server_oauth_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_oauth_client" ADD CONSTRAINT "server_oauth_client_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bundle_member" ADD CONSTRAINT "bundle_member_bundle_id_fkey" FOREIGN KEY ("bundle_id") REFERENCES "bundle"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bundle_member" ADD CONSTRAINT "bundle_member_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "server"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bundle_member" ADD CONSTRAINT "bundle_member_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policy"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "oauth_code" ADD CONSTRAINT "oauth_code_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "oauth_token" ADD CONSTRAINT "oauth_token_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotent_call" ADD CONSTRAINT "idempotent_call_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mcp_task" ADD CONSTRAINT "mcp_task_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grant" ADD CONSTRAINT "grant_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "server"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grant" ADD CONSTRAINT "grant_bundle_id_fkey" FOREIGN KEY ("bundle_id") REFERENCES "bundle"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- Hand-written from here: what schema.prisma cannot say. Each name is listed in lib/db/hand-written.ts.

ALTER TABLE "server" ADD CONSTRAINT "server_transport_known" CHECK ("transport" IN ('http', 'sse', 'stdio'));
ALTER TABLE "server" ADD CONSTRAINT "server_command_with_stdio" CHECK (("transport" = 'stdio') = ("command" IS NOT NULL));
ALTER TABLE "server" ADD CONSTRAINT "server_auth_mode_known" CHECK ("auth_mode" IN ('static', 'oauth'));
ALTER TABLE "server" ADD CONSTRAINT "server_drift_known" CHECK ("drift" IN ('enforce', 'hold', 'warn', 'off'));
ALTER TABLE "grant" ADD CONSTRAINT "grant_one_scope" CHECK (num_nonnulls("server_id", "bundle_id") = 1);
ALTER TABLE "grant" ADD CONSTRAINT "grant_bundle_policy" CHECK ("bundle_id" IS NULL OR "policy_id" IS NULL);
ALTER TABLE "server_oauth" ADD CONSTRAINT "server_oauth_state_known" CHECK ("state" IN ('none', 'connected', 'reconnect'));
ALTER TABLE "idempotent_call" ADD CONSTRAINT "idempotent_call_state_known"
  CHECK ("state" IN ('running', 'finished', 'too_large', 'unknown'));

-- What was known before tools were pinned was in use already: it counts as accepted.
UPDATE "server_tool" SET "accepted_definition" = "definition", "accepted_digest" = "digest", "accepted_at" = now();

-- Says inside this transaction that the whole script ran; a start after a kill reads it (lib/db/migrate.server.ts).
COMMENT ON TABLE "organisation" IS 'migrated to 0003_gateway_whole';
