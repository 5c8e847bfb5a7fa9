import fc from "fast-check";
import { expect, it } from "vitest";
import { failedDetail } from "../../lib/testing/factories/task.ts";
import { groupFrames, readTraceback } from "./traceback.model.ts";

it("tells the application's frames from those of libraries", () => {
  const groups = groupFrames(readTraceback(failedDetail().traceback ?? ""));
  expect(
    groups.map((group) => (group.kind === "text" ? group.lines[0] : `${group.library ? "library" : "yours"} ${group.frames.length}`)),
  ).toEqual(["Traceback (most recent call last):", "library 2", "yours 2", "library 1", "ConnectionError: db-2 refused"]);
});

it("keeps code, its marks, and the name of the function with the frame", () => {
  const frame = readTraceback(failedDetail().traceback ?? "").find((piece) => piece.kind === "frame" && piece.where === "deliver");
  expect(frame).toMatchObject({
    file: "/srv/app/billing/send.py",
    line: 88,
    code: ["with connect(invoice.host) as connection:", "     ~~~~~~~^^^^^^^^^^^^^^"],
  });
});

it("keeps the text of what is no traceback", () => {
  expect(readTraceback("Worker exited prematurely\nsignal 9")).toEqual([
    { kind: "text", lines: ["Worker exited prematurely", "signal 9"] },
  ]);
});

it("never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => void groupFrames(readTraceback(text))));
});
