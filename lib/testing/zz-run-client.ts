import { runClientScenarios } from "@/lib/testing/conformance-client-suite";
const results = await runClientScenarios(process.argv[2] ?? "");
for (const r of results) {
  console.log(r.failed > 0 ? "FAIL" : "ok  ", r.revision, r.name, `passed ${r.passed} failed ${r.failed} warn ${r.warnings}`);
  for (const p of r.problems) console.log("      ", p);
  if (r.failed > 0) console.log(r.said.split("\n").map((l) => "         | " + l.slice(0, 300)).join("\n"));
}
