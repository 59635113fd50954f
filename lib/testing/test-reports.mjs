// What the test runners' own reports say. A skipped test counts as a failure: a test that does not run guards nothing.

/** Vitest's JSON report. A file that could not be loaded has no tests in it and counts as one failure. */
export function readVitest(report) {
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults.map((test) => ({ ...test, file: file.name })),
  );
  const bad = tests.filter((test) => test.status !== "passed");
  const lines = [
    ...broken.map((file) => `FAILED ${file.name}\n${file.message}`),
    ...bad.map(
      (test) =>
        `${test.status.toUpperCase()} ${test.file} › ${test.fullName}${test.failureMessages.map((text) => `\n${text}`).join("")}`,
    ),
  ];
  return { passed: tests.length - bad.length, failed: bad.length + broken.length, text: lines.join("\n") };
}

/** Playwright's JSON report; a test that passed only when repeated is a failure. */
export function readPlaywright(report) {
  const specs = report.suites.flatMap(function specsOf(suite) {
    return [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specsOf)];
  });
  const tests = specs.flatMap((spec) => spec.tests.map((test) => ({ title: `${spec.file} › ${spec.title}`, ...test })));
  const bad = tests.filter((test) => test.status !== "expected");
  const lines = [
    ...report.errors.map((error) => error.message ?? ""),
    ...bad.map((test) => `${test.status.toUpperCase()} ${test.title}`),
  ];
  return { passed: tests.length - bad.length, failed: bad.length + report.errors.length, text: lines.join("\n") };
}
