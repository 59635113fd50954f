// `npm run mutation`: changes the policy engine in thousands of small ways, one at a time, and looks whether its fast tests notice.
// The random tests (oracle, round trips) stay out: a mutant must fall to a test that says what it guards.
export default {
  packageManager: "npm",
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "lib/testing/vitest-mutation.config.ts", related: false },
  mutate: [
    "lib/policy/{check,compile,plan,evaluate,split,judge,compare,truth,resolve,time-facts,glob,pattern,path,simulate}.ts",
    "lib/policy/{read-document,read-rule,read-limit,read-condition,read-approval,read-tests,fact-values,duration,shape}.ts",
    "lib/policy/{check-document,check-bounds,check-counters,check-tests,check-tools,counter-names,facts,run-tests,explain}.ts",
    "lib/policy/{possible,replay,coverage,nearest,operators,parse,problems,yaml-scalar,yaml-tree}.ts",
    "lib/quota/{window,admit,key,limit-text}.ts",
  ],
  coverageAnalysis: "perTest",
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ["clear-text", "json", "progress-append-only"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: true },
  jsonReporter: { fileName: "test-results/mutation.json" },
  thresholds: { high: 95, low: 90, break: 90 },
  tempDirName: "test-results/mutation",
  ignorePatterns: [".next", ".data", "dist", "test-results", "e2e", "app", "components", "docs"],
};
