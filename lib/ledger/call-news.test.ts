import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallNews } from "./call-news";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a burst is announced at once, then at most four times a second, and its last change is always announced", () => {
  const heard: string[] = [];
  const news = new CallNews((orgId, id) => void heard.push(`${orgId}${id}`));
  for (let n = 0; n < 100; n++) {
    news.changed("a", String(n));
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(1_000);
  expect(heard.length).toBeLessThanOrEqual(6);
  expect(heard[0]).toBe("a0");
  expect(heard.at(-1)).toBe("a99");
});

test("organisations do not slow each other down", () => {
  const heard: string[] = [];
  const news = new CallNews((orgId) => void heard.push(orgId));
  news.changed("a", "1");
  news.changed("b", "1");
  expect(heard).toEqual(["a", "b"]);
});
