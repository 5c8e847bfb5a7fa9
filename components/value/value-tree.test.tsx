import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { ValueTree } from "./value-tree.tsx";

it("draws hostile text as text, with what is invisible written out", () => {
  const html = renderToStaticMarkup(<ValueTree value={["<img src=x onerror=alert(1)>", "a\u202eb"]} />);
  expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;");
  expect(html).toContain("\\u202e");
  expect(html).not.toContain("<img");
});

it("draws a page of a long list, and the beginning of a long text", () => {
  const html = renderToStaticMarkup(<ValueTree value={Array.from({ length: 5_000 }, () => "x".repeat(10_000))} />);
  expect(html).toContain("4900 more");
  expect(html).toContain("all 10000 characters");
  expect(html.length).toBeLessThan(100_000);
});

it("leaves deep levels closed", () => {
  const html = renderToStaticMarkup(<ValueTree value={[[["deep"]]]} />);
  expect(html.match(/aria-expanded="true"/g)).toHaveLength(1);
  expect(html.match(/aria-expanded="false"/g)).toHaveLength(1);
});
