import { expect, test } from "vitest";
import { misfit } from "./handler.ts";

test.each<[given: number, names: string[], problem: string | null]>([
  [2, [], null],
  [0, ["x", "y"], null],
  [1, ["y", "z"], null],
  [1, [], "missing 1 required positional argument: 'y'"],
  [0, [], "missing 2 required positional arguments: 'x' and 'y'"],
  [4, [], "takes from 2 to 3 positional arguments but 4 were given"],
  [2, ["x"], "got multiple values for argument 'x'"],
  [2, ["w"], "got an unexpected keyword argument 'w'"],
])("of x, y and z = 1, %d arguments and %o: %s", (given, names, problem) => {
  expect(misfit(["x", "y", "z"], 2, given, names)).toBe(problem);
});
