/** Lets everything pass: what differs behind it is the relay's doing. */
export const openPolicy = `version: "1"
default: allow
`;

/**
 * Judges every call and counts it, and stops none that the suite makes: rules on arguments, guards, sums, rates, and a tool by tool
 * list with `default: deny`.
 */
export const strictPolicy = `version: "1"
default: deny
methods:
  "skills/*": deny
tools:
  "test_*":
    rules:
      - name: calls of a test tool
        limit: { max: 1000000, window: day, per: grant }
  test_sampling:
    rules:
      - name: plain prompts
        conditions:
          - { path: args.prompt, op: exists, value: true }
          - { path: args.prompt, op: regex, value: "^[^<>]+$" }
  test_elicitation:
    rules:
      - name: a text
        conditions: [{ path: args.message, op: regex, value: "." }]
  test_mirrored_argument:
    rules:
      - name: plain regions
        conditions: [{ path: args.region, op: regex, value: "^[ -~]*$" }]
      - name: per region
        limit: { max: 100000, window: hour, by: [args.region] }
  greet:
    rules:
      - name: a name
        conditions: [{ path: args.name, op: neq, value: "" }]
  slow_compute:
    rules:
      - name: an hour at most
        conditions:
          - { path: args.seconds, op: gte, value: 0 }
          - { path: args.seconds, op: lte, value: 3600 }
      - name: seconds a day
        conditions: [{ path: state.slow_compute.seconds, op: lte, value: 100000000 }]
        state: { counter: seconds, window: day, increment_from: args.seconds }
  confirm_delete:
    rules:
      - name: texts only
        conditions: [{ path: args.filename, op: ends_with, value: ".txt" }]
  multi_input: { rules: [] }
  failing_job: { rules: [] }
  protocol_error_job: { rules: [] }
  json_schema_2020_12_tool: { rules: [] }
  "*":
    rules:
      - name: no force
        action: deny
        when: [{ path: args.force, op: eq, value: true, if_absent: skip }]
      - name: all calls
        rate_limit: 100000/minute
`;
