import { expect, test } from "vitest";
import { argumentsOf, blankDraft, toInput } from "./server-draft";

test("arguments are the lines of the field, blanks inside them included", () => {
  expect(argumentsOf("-y\r\n@acme/mcp server\n\n --flag=a b \n")).toEqual(["-y", "@acme/mcp server", " --flag=a b "]);
  expect(argumentsOf("")).toEqual([]);
});

test("only the fields of the chosen transport are sent", () => {
  const draft = { ...blankDraft, name: "a", url: "https://example.com/mcp", command: "node", argumentLines: "x" };
  expect(toInput(draft)).toEqual({
    name: "a",
    transport: "http",
    url: "https://example.com/mcp",
    allowPrivateNetwork: false,
    headers: [],
  });
  expect(toInput({ ...draft, transport: "stdio" })).toEqual({
    name: "a",
    transport: "stdio",
    command: "node",
    args: ["x"],
    headers: [],
  });
});
