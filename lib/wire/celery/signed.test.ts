import { describe, expect, test } from "vitest";

import { bodyBytes, decodeBody, decodeEnvelope } from "./envelope.ts";
import { RELEASES, recorded } from "./fixtures/recorded.ts";
import { decodeSigned } from "./signed.ts";

type Signed = { messages: { raw: string }[]; notes: { certificate_pem: string; digest: string } };

// There is no recording of 5.4.0.
describe.each(RELEASES.filter((release) => release !== "5.4.0"))("a signed message of Celery %s", (release) => {
  const { messages, notes } = recorded<Signed>(release, "queue-signed");
  const envelope = decodeEnvelope(messages[0]?.raw ?? "");
  if (!envelope.ok) throw new Error(envelope.reason);
  const bytes = bodyBytes(envelope.value);
  if (!bytes.ok) throw new Error(bytes.reason);

  test("is read without a key", () => {
    expect(decodeSigned(bytes.value)).toMatchObject({
      ok: true,
      value: { signer: "example 1234567890", signature: "not verified", contentType: "application/json", contentEncoding: "utf-8" },
    });
    expect(decodeBody(envelope.value)).toMatchObject({ ok: true, value: [[2, 3], {}, {}] });
  });

  test("is verified with the signer's certificate", () => {
    const key = { pem: notes.certificate_pem, digest: notes.digest };
    expect(decodeSigned(bytes.value, key)).toMatchObject({ ok: true, value: { signature: "valid" } });
  });

  test("is found out when its body was changed", () => {
    const fields = Buffer.from(Buffer.from(bytes.value).toString("latin1"), "base64");
    fields[fields.length - 3] = 0x20;
    const forged = Buffer.from(fields.toString("base64"));
    const read = decodeSigned(forged, { pem: notes.certificate_pem, digest: notes.digest });
    expect(read).toMatchObject({ ok: true, value: { signature: "invalid" } });
  });

  test("is not called invalid because of a useless key", () => {
    expect(decodeSigned(bytes.value, { pem: "no certificate" })).toMatchObject({ ok: false });
    expect(decodeSigned(bytes.value, { pem: notes.certificate_pem, digest: "nonsense" })).toMatchObject({ ok: false });
  });
});

test("what is not signed is refused with a reason", () => {
  expect(decodeSigned(Buffer.from("!"))).toEqual({ ok: false, reason: "the signed body is not base64" });
  expect(decodeSigned(Buffer.from("AAAA"))).toEqual({ ok: false, reason: "the signed body does not have its five fields" });
});
