-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "role" AS ENUM ('viewer', 'policy_manager', 'admin');

-- CreateEnum
CREATE TYPE "reservation_state" AS ENUM ('held', 'sent', 'posted', 'void', 'in_doubt');

-- CreateTable
CREATE TABLE "organisation" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organisation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_user" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "member" (
    "org_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" "role" NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "member_pkey" PRIMARY KEY ("org_id","user_id")
);

-- CreateTable
CREATE TABLE "console_session" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "revoked_at" TIMESTAMPTZ(6),
    "user_agent" TEXT NOT NULL,
    "address" TEXT NOT NULL,

    CONSTRAINT "console_session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "setup_token" (
    "token_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "used_at" TIMESTAMPTZ(6),

    CONSTRAINT "setup_token_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "server" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "allow_private_network" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_scan_at" TIMESTAMPTZ(6),
    "last_scan_error" TEXT,

    CONSTRAINT "server_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "server_header" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "server_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "server_header_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "server_tool" (
    "org_id" UUID NOT NULL,
    "server_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "definition" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "gone_at" TIMESTAMPTZ(6),

    CONSTRAINT "server_tool_pkey" PRIMARY KEY ("server_id","name")
);

-- CreateTable
CREATE TABLE "policy" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "live_version" INTEGER,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policy_version" (
    "policy_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "org_id" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "author_id" UUID,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_version_pkey" PRIMARY KEY ("policy_id","version")
);

-- CreateTable
CREATE TABLE "grant" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "server_id" UUID NOT NULL,
    "policy_id" UUID,
    "label" TEXT NOT NULL,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "token_hash" TEXT NOT NULL,
    "token_hint" TEXT NOT NULL,
    "sealed_token" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_by_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "not_before" TIMESTAMPTZ(6),
    "expires_at" TIMESTAMPTZ(6),
    "revoked_at" TIMESTAMPTZ(6),
    "last_used_at" TIMESTAMPTZ(6),

    CONSTRAINT "grant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "counter" (
    "org_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(6) NOT NULL,
    "window_end" TIMESTAMPTZ(6) NOT NULL,
    "grant_id" UUID NOT NULL,
    "policy_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "used" DECIMAL NOT NULL DEFAULT 0,
    "max" DECIMAL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "counter_pkey" PRIMARY KEY ("org_id","key","window_start")
);

-- CreateTable
CREATE TABLE "reservation" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "state" "reservation_state" NOT NULL,
    "lease_id" UUID NOT NULL,
    "on_unknown" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "reservation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reservation_line" (
    "reservation_id" UUID NOT NULL,
    "org_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(6) NOT NULL,
    "amount" DECIMAL NOT NULL,

    CONSTRAINT "reservation_line_pkey" PRIMARY KEY ("reservation_id","key","window_start")
);

-- CreateTable
CREATE TABLE "replica_lease" (
    "id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "heartbeat_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "replica_lease_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chain_head" (
    "org_id" UUID NOT NULL,
    "chain" TEXT NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "hash" TEXT NOT NULL,

    CONSTRAINT "chain_head_pkey" PRIMARY KEY ("org_id","chain")
);

-- CreateTable
CREATE TABLE "decision_log" (
    "org_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "decision_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "record" TEXT NOT NULL,
    "prev_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "grant_id" UUID,
    "server_id" UUID,
    "policy_id" UUID,
    "policy_version" INTEGER,
    "method" TEXT,
    "tool" TEXT,
    "decision" TEXT,
    "rule" TEXT,
    "reason" TEXT,
    "outcome" TEXT,

    CONSTRAINT "decision_log_pkey" PRIMARY KEY ("org_id","seq")
);

-- CreateTable
CREATE TABLE "admin_audit" (
    "org_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "actor_id" UUID,
    "action" TEXT NOT NULL,
    "object" TEXT NOT NULL,
    "record" TEXT NOT NULL,
    "prev_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "admin_audit_pkey" PRIMARY KEY ("org_id","seq")
);

-- CreateTable
CREATE TABLE "vault_key" (
    "version" INTEGER NOT NULL,
    "check_value" TEXT NOT NULL,
    "seal_count" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "vault_key_pkey" PRIMARY KEY ("version")
);

-- CreateIndex
CREATE UNIQUE INDEX "app_user_email_key" ON "app_user"("email");

-- CreateIndex
CREATE INDEX "member_user_id_idx" ON "member"("user_id");

-- CreateIndex
CREATE INDEX "console_session_user_id_idx" ON "console_session"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "server_org_id_name_key" ON "server"("org_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "server_header_server_id_name_key" ON "server_header"("server_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "policy_org_id_name_key" ON "policy"("org_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "grant_token_hash_key" ON "grant"("token_hash");

-- CreateIndex
CREATE INDEX "grant_org_id_idx" ON "grant"("org_id");

-- CreateIndex
CREATE INDEX "grant_server_id_idx" ON "grant"("server_id");

-- CreateIndex
CREATE INDEX "grant_policy_id_idx" ON "grant"("policy_id");

-- CreateIndex
CREATE INDEX "counter_org_id_window_end_idx" ON "counter"("org_id", "window_end");

-- CreateIndex
CREATE INDEX "decision_log_org_id_decision_id_idx" ON "decision_log"("org_id", "decision_id");

-- CreateIndex
CREATE INDEX "decision_log_org_id_kind_seq_idx" ON "decision_log"("org_id", "kind", "seq");

-- CreateIndex
CREATE INDEX "decision_log_org_id_kind_at_idx" ON "decision_log"("org_id", "kind", "at");

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "console_session" ADD CONSTRAINT "console_session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_header" ADD CONSTRAINT "server_header_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_tool" ADD CONSTRAINT "server_tool_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy_version" ADD CONSTRAINT "policy_version_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policy"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grant" ADD CONSTRAINT "grant_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "server"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grant" ADD CONSTRAINT "grant_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policy"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reservation_line" ADD CONSTRAINT "reservation_line_reservation_id_fkey" FOREIGN KEY ("reservation_id") REFERENCES "reservation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Hand-written from here: what schema.prisma cannot say. Each name is listed in lib/db/hand-written.ts.

-- A counter can neither fall below zero nor become NaN or Infinity (both sort above every number).
ALTER TABLE "counter" ADD CONSTRAINT "counter_used_range" CHECK ("used" >= 0 AND "used" < 'Infinity'::numeric);
ALTER TABLE "counter" ADD CONSTRAINT "counter_window_order" CHECK ("window_end" > "window_start");
ALTER TABLE "reservation_line" ADD CONSTRAINT "reservation_line_amount_range" CHECK ("amount" >= 0 AND "amount" < 'Infinity'::numeric);
ALTER TABLE "reservation" ADD CONSTRAINT "reservation_on_unknown_known" CHECK ("on_unknown" IN ('hold', 'release'));

-- The sweeper looks for the calls of dead replicas, the console for those that wait: both stay small beside all settled ones.
CREATE INDEX "reservation_sent_idx" ON "reservation"("lease_id") WHERE "state" = 'sent';
CREATE INDEX "reservation_open_idx" ON "reservation"("org_id", "created_at") WHERE "state" IN ('held', 'in_doubt');

-- Append-only: rows of the logs are written once. Fires also for sessions that switch ordinary triggers off.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END;
$$;
CREATE TRIGGER "decision_log_no_change" BEFORE UPDATE OR DELETE ON "decision_log" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "decision_log_no_truncate" BEFORE TRUNCATE ON "decision_log" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "admin_audit_no_change" BEFORE UPDATE OR DELETE ON "admin_audit" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "admin_audit_no_truncate" BEFORE TRUNCATE ON "admin_audit" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "decision_log" ENABLE ALWAYS TRIGGER "decision_log_no_change";
ALTER TABLE "decision_log" ENABLE ALWAYS TRIGGER "decision_log_no_truncate";
ALTER TABLE "admin_audit" ENABLE ALWAYS TRIGGER "admin_audit_no_change";
ALTER TABLE "admin_audit" ENABLE ALWAYS TRIGGER "admin_audit_no_truncate";

-- Says inside this transaction that the whole script ran; a start after a kill reads it (lib/db/migrate.server.ts).
COMMENT ON TABLE "organisation" IS 'migrated to 0001_first';
