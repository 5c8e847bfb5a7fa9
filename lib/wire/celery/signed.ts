import { type KeyObject, constants, createPublicKey, verify } from "node:crypto";

import { type Decoded, decoded, undecodable } from "../decoded.ts";

/** A body written by Celery's `auth` serializer. The headers of such a message are not signed. */
export type SignedBody = {
  /** Issuer of the signer's certificate and its serial number: `example 1234567890`. */
  signer: string;
  signature: "not verified" | "valid" | "invalid";
  contentType: string;
  contentEncoding: string;
  body: Uint8Array;
};

/** What a signature is checked with: a certificate or public key as PEM, and Celery's `security_digest`. */
export type SignatureKey = { pem: string; digest?: string };

const SEPARATOR = Buffer.from([0, 1]);

/**
 * Reads the payload that is left after the transport's base64: again base64, of five fields with 00 01 between them.
 * From Celery 5.3 the first two are base64 themselves; in 5.2 they are plain, and the signature, whose bytes may hold the
 * separator, is as long as the signer's key. Without a key the body is read and the signature left alone.
 */
export function decodeSigned(payload: Uint8Array, key?: SignatureKey): Decoded<SignedBody> {
  const outer = Buffer.from(payload).toString("latin1");
  if (!isBase64(outer.trim())) return undecodable("the signed body is not base64");
  const fields = Buffer.from(outer, "base64");
  const parts = splitCurrent(fields) ?? split52(fields);
  if (parts === null) return undecodable("the signed body does not have its five fields");
  const { signature, ...rest } = parts;
  if (key === undefined) return decoded({ ...rest, signature: "not verified" });
  const valid = verifySignature(rest.body, signature, key);
  return valid.ok ? decoded({ ...rest, signature: valid.value ? "valid" : "invalid" }) : valid;
}

type Parts = Omit<SignedBody, "signature"> & { signature: Buffer };

function splitCurrent(fields: Buffer): Parts | null {
  const parts = splitAtSeparators(fields, 4);
  const [signer, signature, type, encoding, body] = parts;
  if (!signer || !signature || !type || !encoding || !body) return null;
  const signerText = signer.toString("latin1");
  const signatureText = signature.toString("latin1");
  if (!isBase64(signerText) || !isBase64(signatureText)) return null;
  return {
    signer: Buffer.from(signerText, "base64").toString("utf8"),
    signature: Buffer.from(signatureText, "base64"),
    contentType: type.toString("utf8"),
    contentEncoding: encoding.toString("utf8"),
    body,
  };
}

/** Lengths of RSA signatures: keys of 1024 to 8192 bits. */
const SIGNATURE_LENGTHS = [256, 512, 384, 128, 1024];

function split52(fields: Buffer): Parts | null {
  const first = fields.indexOf(SEPARATOR);
  if (first < 0) return null;
  const start = first + SEPARATOR.length;
  for (const length of SIGNATURE_LENGTHS) {
    const end = start + length;
    if (!fields.subarray(end, end + SEPARATOR.length).equals(SEPARATOR)) continue;
    const [type, encoding, body] = splitAtSeparators(fields.subarray(end + SEPARATOR.length), 2);
    if (!type || !encoding || !body || !/^[\w.+/-]+$/.test(type.toString("latin1"))) continue;
    return {
      signer: fields.subarray(0, first).toString("utf8"),
      signature: fields.subarray(start, end),
      contentType: type.toString("utf8"),
      contentEncoding: encoding.toString("utf8"),
      body,
    };
  }
  return null;
}

/** At most `times` cuts, from the front: the last field may hold the separator. */
function splitAtSeparators(bytes: Buffer, times: number): Buffer[] {
  const parts: Buffer[] = [];
  let rest = bytes;
  while (parts.length < times) {
    const at = rest.indexOf(SEPARATOR);
    if (at < 0) break;
    parts.push(rest.subarray(0, at));
    rest = rest.subarray(at + SEPARATOR.length);
  }
  return [...parts, rest];
}

function verifySignature(body: Uint8Array, signature: Buffer, key: SignatureKey): Decoded<boolean> {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey(key.pem);
  } catch {
    return undecodable("the key to check the signature with is neither a certificate nor a public key");
  }
  if (publicKey.asymmetricKeyType !== "rsa") return undecodable("the key to check the signature with is no RSA key");
  try {
    const options = {
      key: publicKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_AUTO,
    };
    return decoded(verify(key.digest ?? "sha256", body, options, signature));
  } catch {
    return undecodable(`the signature cannot be checked with the digest ${key.digest ?? "sha256"}`);
  }
}

function isBase64(text: string): boolean {
  return text.length > 0 && text.length % 4 === 0 && !/[^A-Za-z0-9+/=]|=[^=]|={3}/.test(text);
}
