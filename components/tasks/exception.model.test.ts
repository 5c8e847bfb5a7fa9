import { expect, it } from "vitest";
import { exceptionWords } from "./exception.model.ts";

it.each([
  ["ConnectionError", "db-2 refused", "ConnectionError: db-2 refused"],
  ["ConnectionError", "ConnectionError: db-2 refused", "ConnectionError: db-2 refused"],
  ["shop.InvoiceError", "InvoiceError('no lines')", "InvoiceError('no lines')"],
  ["InvoiceError", "shop.InvoiceError: no lines", "shop.InvoiceError: no lines"],
  ["KeyError", "'price'", "KeyError: 'price'"],
  ["KeyError", null, "KeyError"],
  [null, "gone", "gone"],
  ["KeyError", "", "KeyError"],
  [null, null, ""],
])("%s and %s read as %s", (type, text, words) => expect(exceptionWords(type, text)).toBe(words));
