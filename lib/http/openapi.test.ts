import { expect, test } from "vitest";
import { openApi } from "./openapi.ts";

interface Document {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string; required: boolean }[] }>>;
  components: { schemas: Record<string, unknown> };
}

/** As a reader of the document gets it. */
const text = JSON.stringify(openApi("1.2.3"));
const document = JSON.parse(text) as Document;

test("the document names its version, and every path with a slash and the API's number", () => {
  expect(document).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
  expect(Object.keys(document.paths).every((path) => path.startsWith("/api/v1/"))).toBe(true);
});

test("every reference leads to a schema, and every schema is referred to", () => {
  const referred = new Set(Array.from(text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g), ([, name = ""]) => name));
  expect([...referred].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
});

test("every operation has a name of its own, and says where its parameters go", () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  );
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { path, parameters } of operations) {
    const inPath = parameters.filter((parameter) => parameter.in === "path");
    expect(inPath.every(({ required }) => required)).toBe(true);
    expect(inPath.map(({ name }) => `{${name}}`).toSorted()).toEqual((path.match(/\{\w+\}/g) ?? []).toSorted());
  }
});
