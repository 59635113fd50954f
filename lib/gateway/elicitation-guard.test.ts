import { describe, expect, test } from "vitest";
import { readJson } from "@/lib/kernel/json";
import type { ValueObject } from "@/lib/kernel/value";
import { elicitedHost, judgeElicitation } from "./elicitation-guard";

function paramsOf(value: unknown): ValueObject {
  const read = readJson(new TextEncoder().encode(JSON.stringify(value)));
  if (!read.ok || !(read.value instanceof Map)) throw new Error("not an object");
  return read.value;
}

const form = (name: string, field: object = { type: "string" }) =>
  paramsOf({ message: "Please", requestedSchema: { type: "object", properties: { [name]: field } } });
const url = (text: string) => paramsOf({ mode: "url", message: "Go", url: text, elicitationId: "e" });
const any = { hosts: [] };

describe("P9 a form that asks for a secret is not put to the person", () => {
  test.each([
    "password",
    "passWord",
    "Passphrase",
    "user_password",
    "pwd",
    "secret",
    "clientSecret",
    "credentials",
    "otp",
    "pin",
    "token",
    "apiToken",
    "access_token",
    "API-Key",
    "apikey",
    "privateKey",
    "ssh key",
    "key",
    "creditCardNumber",
    "card_number",
    "cvv",
    "CVC2",
    "iban",
    "seedPhrase",
    "mnemonic",
    "recovery codes",
    "ssn",
    "ｐａｓｓｗｏｒｄ",
    "pass\u200bword",
  ])("%s", (name) => {
    expect(judgeElicitation(form(name), any)).toBe("asks_for_secret");
  });

  test("a harmless name does not hide what title, description or format ask for", () => {
    for (const field of [
      { type: "string", title: "Your password" },
      { type: "string", description: "Paste the API key of your account" },
      { type: "string", format: "password" },
      { type: "integer", title: "Credit card number" },
    ]) {
      expect(judgeElicitation(form("value", field), any)).toBe("asks_for_secret");
    }
  });

  test("a schema that cannot be read is no question", () => {
    for (const schema of [{ requestedSchema: 1 }, { requestedSchema: { properties: [] } }, { mode: "popup" }]) {
      expect(judgeElicitation(paramsOf(schema), any)).toBe("unreadable");
    }
  });
});

describe("an ordinary question passes", () => {
  test.each([
    "name",
    "email",
    "username",
    "maxTokens",
    "prompt_tokens",
    "primary key",
    "keywords",
    "keyboard",
    "color",
    "compass",
    "panel",
    "spinner",
    "quantity",
    "secretary",
  ])("%s", (name) => {
    expect(judgeElicitation(form(name), any)).toBe(null);
  });

  test("a yes or no about a password asks for no password", () => {
    expect(judgeElicitation(form("rotate_password", { type: "boolean" }), any)).toBe(null);
  });

  test("a message without a form passes", () => {
    expect(judgeElicitation(paramsOf({ message: "Sure?" }), any)).toBe(null);
  });
});

describe("P9 a link is https and leads where it may", () => {
  test.each([
    "http://login.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://user:pw@login.example/",
    "https://login.example@evil.example/",
    "//login.example/",
    "https://",
    "https:///x",
    "file:///etc/passwd",
    "https://lоgin.example/",
    "https://login.example\\@evil.example/",
    "https://login.example /x",
    "HTTPS//login.example",
  ])("%s is unsafe", (text) => {
    expect(judgeElicitation(url(text), any)).toBe("unsafe_url");
  });

  test("a list of hosts is kept to", () => {
    const rules = { hosts: ["login.example"] };
    expect(judgeElicitation(url("https://login.example/a?b#c"), rules)).toBe(null);
    expect(judgeElicitation(url("https://LOGIN.example:8443/"), rules)).toBe(null);
    expect(judgeElicitation(url("https://login.example.evil.example/"), rules)).toBe("foreign_host");
    expect(judgeElicitation(url("https://sub.login.example/"), rules)).toBe("foreign_host");
  });

  test("the host is known for the log", () => {
    expect(elicitedHost(url("https://Login.example/a"))).toBe("login.example");
    expect(elicitedHost(form("name"))).toBe(null);
  });
});
