import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toolCategories, toolRisks, type ToolCategory } from "@/lib/kernel/tool-class";
import { classifyTool } from "./classify";
import { readToolShape } from "./tool-shape";

const classify = (name: string, more: object = {}) =>
  classifyTool(readToolShape(name, JSON.stringify({ name, ...more })));
const args = (...names: string[]) => ({
  inputSchema: { type: "object", properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])) },
});

/** Tools of published servers, by what they do; names alone, as a server without descriptions would list them. */
const corpus: Record<string, Partial<Record<ToolCategory, string>>> = {
  stripe: {
    read: `list_customers list_products list_prices list_payment_intents list_invoices list_subscriptions list_disputes
      list_coupons retrieve_balance search_stripe_documentation search_stripe_resources fetch_stripe_resources
      get_stripe_account_info`,
    write: "create_customer create_product create_price create_coupon update_subscription",
    destructive: "cancel_subscription cancel_payment_intent archive_customer",
    financial: `create_payment_link create_invoice create_invoice_item finalize_invoice create_refund update_dispute
      refund_payment create_payout create_charge stripe.refunds.create stripe.transfers.reverse`,
  },
  paypal: {
    read: "list_invoices get_invoice get_order get_refund list_disputes get_dispute list_transactions show_product_details",
    write: "create_product update_product create_shipment_tracking create_subscription_plan",
    destructive: "cancel_sent_invoice cancel_subscription",
    financial: `create_order pay_order create_refund send_invoice send_invoice_reminder accept_dispute_claim
      generate_invoice_qr_code`,
  },
  square: { read: "get_service_info get_type_info", execute: "make_api_request" },
  wallets: {
    read: "get_balance estimate_gas",
    financial: "send_usdc transferFunds withdraw place_limit_order send_raw_transaction buy_shares",
  },
  github: {
    read: `get_me get_file_contents list_commits get_commit search_code search_repositories list_pull_requests
      pull_request_read issue_read list_workflow_runs get_job_logs download_workflow_run_artifact get_merge_request
      list_code_scanning_alerts get_release_by_tag`,
    write: `create_or_update_file push_files create_branch create_repository fork_repository merge_pull_request
      update_pull_request_branch add_issue_comment issue_write pull_request_review_write request_copilot_review
      assign_copilot_to_issue mark_all_notifications_read dismiss_notification star_repository`,
    execute: "run_workflow rerun_failed_jobs rerun_workflow_run",
    destructive: "delete_file cancel_workflow_run delete_workflow_run_logs",
  },
  databases: {
    read: `list_tables list_schemas describe_table get_object_details analyze_db_health get_top_queries db-stats explain
      list-collections query find count search_docs`,
    write: "insert-many update-many create-index rename-collection aggregate create_table merge_branch restore_project",
    execute: "execute_sql apply_migration run_sql_query deploy_edge_function sql",
    destructive: "delete-many drop-collection drop-database reset_branch truncate_table purge_queue dropTable",
  },
  slack: {
    read: "channels_list conversations_history slack_list_channels slack_get_users slack_get_thread_replies users.info",
    write: `conversations_add_message slack_post_message chat.postMessage slack_add_reaction slack_reply_to_thread
      files.upload`,
    destructive: "chat.delete conversations.archive conversations.kick admin.users.remove",
  },
  cloud: {
    read: "ListBuckets DescribeInstances get_cost_and_usage kubectl_get kubectl_logs suggest_aws_commands",
    write: "PutObject create_stack kubectl_scale",
    execute:
      "call_aws lambda.invoke RunInstances stop_instances kubectl_apply exec_in_pod install_helm_chart rebootServer",
    destructive:
      "TerminateInstances s3_delete_object ec2-revoke-security-group-ingress deleteStack uninstall_helm_chart",
  },
  linear: {
    read: "list_issues get_issue list_projects get_user search_documentation",
    write: "create_issue update_issue create_comment save_project",
    destructive: "delete_comment archive_issue",
  },
  notion: { read: "API-retrieve-a-page", write: "API-patch-page", destructive: "API-delete-a-block" },
  filesystem: {
    read: `read_file read_multiple_files list_directory directory_tree search_files get_file_info
      list_allowed_directories git_status git_log git_diff`,
    write: "write_file edit_file create_directory move_file git_add git_commit git_checkout",
    execute: "run_command execute_command bash shell start_process write_to_terminal",
    destructive: "remove_file rm kill_process git_reset",
  },
  browser: {
    read: "browser_take_screenshot browser_snapshot browser_wait_for",
    write: "browser_click browser_type browser_navigate browser_fill_form browser_close browser_handle_dialog",
    execute: "browser_evaluate browser_run_code browser_install puppeteer_evaluate",
  },
  other: {
    read: "fetch get-library-docs getWeather",
    write: "sequentialthinking send_email twilio_send_sms create_calendar_event memory",
    execute: "http_request graphql_query make_call trigger_zap run_python",
    destructive: "get_and_delete_message revokeToken disable_user",
  },
};

const cases = Object.entries(corpus).flatMap(([server, groups]) =>
  Object.entries(groups).flatMap(([category, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [server, name, category as ToolCategory] as const),
  ),
);

test("the corpus holds at least 150 tools", () => {
  expect(cases.length).toBeGreaterThanOrEqual(150);
});

describe("a name alone", () => {
  test.each(cases)("%s: %s is %s", (_, name, category) => {
    expect({ name, ...classify(name) }).toMatchObject({ name, category });
  });
});

test.each([
  ["cancel_subscription", "critical"],
  ["cancel_payment_intent", "critical"],
  ["archive_customer", "critical"],
  ["create_refund", "critical"],
  ["pay_order", "critical"],
  ["cancel_sent_invoice", "critical"],
  ["make_api_request", "high"],
  ["create_issue", "medium"],
  ["list_charges", "low"],
])("%s is of %s risk", (name, risk) => {
  expect(classify(name).risk).toBe(risk);
});

describe("a definition only raises what the name says", () => {
  test.each([
    ["query", args("sql"), "execute"],
    ["read_query", { ...args("query"), description: "Execute a SELECT query" }, "execute"],
    ["search_docs", { ...args("query"), description: "Searches the SQL reference" }, "read"],
    ["maintenance", args("command"), "execute"],
    ["get_page", args("method", "url"), "execute"],
    ["get_page", args("url"), "read"],
    ["convert_price", args("amount", "currency"), "financial"],
    ["estimate_tax", args("amount", "currency"), "read"],
    ["get_customer", { description: "Deletes a customer that has no orders." }, "destructive"],
    ["get_refunds", { description: "Refunds of a customer, newest first." }, "read"],
    ["customer", { description: "Refunds the last charge of a customer." }, "financial"],
    ["customer", { description: "Lists customers." }, "write"],
    ["update_user", { description: "Overwrites the record. This cannot be undone." }, "destructive"],
    ["get_rows", { annotations: { readOnlyHint: false } }, "write"],
    ["get_rows", { annotations: { destructiveHint: true, readOnlyHint: true } }, "destructive"],
    ["delete_rows", { annotations: { readOnlyHint: true, destructiveHint: false } }, "destructive"],
    ["rows", { annotations: { readOnlyHint: true } }, "write"],
    ["rows", { annotations: { destructiveHint: "true" } }, "write"],
  ] as const)("%s with %j is %s", (name, more, category) => {
    expect(classify(name, more).category).toBe(category);
  });

  test("a tool with many uses is as grave as the gravest of them", () => {
    const choice = (...values: string[]) => ({ inputSchema: { properties: { action: { enum: values } } } });
    expect(classify("issue", choice("list", "get")).category).toBe("write");
    expect(classify("get_issue", choice("list", "delete_all")).category).toBe("destructive");
    expect(classify("manage_order", choice("create", "refund")).category).toBe("financial");
    const method = { inputSchema: { properties: { method: { enum: ["GET", "DELETE"] } } } };
    expect(classify("get_page", method).category).toBe("execute");
  });
});

describe("W6 a name cannot hide its verb", () => {
  test.each(["de\u200blete_customer", "get_\uff44elete", "DELETE", "deleteCustomer", "users.delete", "x/delete"])(
    "%j is destructive",
    (name) => {
      expect(classify(name).category).toBe("destructive");
    },
  );
  test.each([
    "list_d\u0435lete",
    "get_\u0440ay",
    "g\u0435t_all",
    "\u83b7\u53d6",
    "",
    "___",
    "__proto__",
    "constructor",
  ])("%j is never of low risk", (name) => {
    expect(classify(name).risk).not.toBe("low");
  });
});

test("each class comes with its evidence, in words that the server did not write", () => {
  const risky = { ...args("sql"), description: "Deletes rows. canary", annotations: { readOnlyHint: true } };
  expect(classify("query_canary", risky).evidence).toEqual([
    { source: "name", text: "the verb “query”" },
    { source: "schema", text: "the argument “sql” is run" },
    { source: "description", text: "it begins with “delete”" },
    { source: "annotation", text: "readOnlyHint: true; a hint does not lower a risk" },
  ]);
  expect(classify("frobnicate").evidence).toEqual([
    { source: "name", text: "no known verb, so it is taken for one that writes" },
  ]);
});

const words = fc.constantFrom("get", "list", "delete", "run", "pay", "create", "order", "refund", "x", "sql", "ſ", "İ");
const names = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.array(words, { maxLength: 5 }).chain((parts) => fc.constantFrom(parts.join("_"), parts.join(""), parts.join("."))),
);
const level = (risk: (typeof toolRisks)[number]) => toolRisks.indexOf(risk);

test("odd definitions are classed, twice the same, and never throw", () => {
  const odd = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ description: fc.jsonValue(), annotations: fc.jsonValue(), inputSchema: fc.jsonValue() })
      .map((value) => JSON.stringify(value)),
    fc
      .record({ properties: fc.dictionary(fc.constantFrom("sql", "action", "__proto__", "method"), fc.jsonValue()) })
      .map((inputSchema) => JSON.stringify({ inputSchema })),
  );
  fc.assert(
    fc.property(names, odd, (name, definition) => {
      const one = classifyTool(readToolShape(name, definition));
      expect(toolCategories).toContain(one.category);
      expect(one.evidence.length).toBeGreaterThan(0);
      expect(classifyTool(readToolShape(name, definition))).toEqual(one);
    }),
    { numRuns: 2000 },
  );
});

test("P5 nothing that a server says beside the name lowers a risk, readOnlyHint least of all", () => {
  const said = fc.record(
    {
      description: fc.oneof(fc.string(), fc.constantFrom("Lists things", "Read-only", "Gets a page")),
      annotations: fc.dictionary(fc.constantFrom("readOnlyHint", "destructiveHint", "openWorldHint"), fc.boolean()),
      inputSchema: fc.constantFrom(args("id"), args("amount", "currency"), args("sql"), {}),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(names, said, (name, more) => {
      const named = classify(name).risk;
      const full = classify(name, more).risk;
      expect(level(full)).toBeGreaterThanOrEqual(level(named));
      const hinted = { ...more, annotations: { ...more.annotations, readOnlyHint: true } };
      const unsaid = { ...more, annotations: { ...more.annotations, readOnlyHint: undefined } };
      expect(level(classify(name, hinted).risk)).toBeGreaterThanOrEqual(level(classify(name, unsaid).risk));
    }),
    { numRuns: 2000 },
  );
});
