/**
 * What the migrations hold beyond schema.prisma, because Prisma's language cannot say it. The schema test fails when the database
 * has anything of these kinds that is not named here, or lacks one.
 */
export const handWritten = {
  checks: [
    "counter_used_range",
    "counter_window_order",
    "grant_bundle_policy",
    "grant_one_scope",
    "idempotent_call_state_known",
    "reservation_line_amount_range",
    "reservation_on_unknown_known",
    "server_auth_mode_known",
    "server_command_with_stdio",
    "server_drift_known",
    "server_oauth_state_known",
    "server_transport_known",
  ],
  partialIndexes: ["counter_family_idx", "decision_log_shadow_idx", "reservation_open_idx", "reservation_sent_idx"],
  functions: ["refuse_change"],
  triggers: ["admin_audit_no_change", "admin_audit_no_truncate", "decision_log_no_change", "decision_log_no_truncate"],
} as const;
