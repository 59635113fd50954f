import { expect, test } from "vitest";
import { curlSnippet, planSnippet } from "./plan-snippet";

const token = `plt_${"a".repeat(49)}`;

test("the snippets carry address and token where the command line and curl read them, and no secret in a URL", () => {
  expect(planSnippet("https://policy.example", token)).toBe(
    `POLICYLAYER_URL=https://policy.example POLICYLAYER_TOKEN=${token} npx policylayer plan policy.yaml --policy NAME`,
  );
  expect(curlSnippet("https://policy.example", token)).toBe(
    `curl -sS https://policy.example/api/session -H 'Authorization: Bearer ${token}'`,
  );
});
