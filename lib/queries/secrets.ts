import { isTagged, type Value } from "../wire/python/value.ts";

const MASK = "***";

/** Words of a setting's name that say that its value is a secret. */
const SECRET = /^(?:pass|passwd|password|passphrase|pwd|secrets?|tokens?|credentials?|authorization|signature|dsn)$/;
/** And those that say it together with `key`: most keys are routing keys or prefixes of Redis keys. */
const OF_KEYS = /^(?:access|account|api|auth|encryption|private|secret|shared|sign|signing)$/;

/** A worker's settings without what is nobody's business: passwords in URLs and connection texts, and the values of secrets. */
export function withoutSecrets(value: Value): Value {
  if (typeof value === "string") return textWithoutSecrets(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isTagged(value)) return value;
  switch (value.$) {
    case "dict":
      return {
        $: "dict",
        items: value.items.map(([key, item]) => [key, isSecretName(key) && isTold(item) ? MASK : withoutSecrets(item)]),
      };
    case "tuple":
    case "set":
    case "frozenset":
      return { $: value.$, items: value.items.map(withoutSecrets) };
    default:
      return value;
  }
}

/** Nothing and a switch are no secrets, and worth knowing. */
function isTold(value: Value): boolean {
  return value !== null && value !== "" && typeof value !== "boolean";
}

/** `redis_password`, `s3_secret_access_key`, `apiKey`; not `task_default_routing_key`. */
function isSecretName(name: Value): boolean {
  if (typeof name !== "string") return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some(
    (word, i) => SECRET.test(word) || /^(?:api|access)keys?$/.test(word) || (OF_KEYS.test(words[i - 1] ?? "") && /^keys?$/.test(word)),
  );
}

/** `;password=…`, `?token=…` and the like, as in connection texts of Azure and in queries. */
const ASSIGNED = /(password|passwd|pwd|secret|token|credential|signature|accountkey|access_?key|api_?key)=[^;&,\s]+/gi;

function textWithoutSecrets(text: string): string {
  // Failover URLs stand behind each other; a password may hold every other character.
  const urls = text.split(/((?:\s+|[;,])(?=[A-Za-z][\w+.-]*:\/\/))/);
  return urls.map(urlWithoutPassword).join("").replace(ASSIGNED, `$1=${MASK}`);
}

function urlWithoutPassword(url: string): string {
  const from = url.indexOf("://") + 3;
  const to = url.lastIndexOf("@");
  if (from < 3 || to < from) return url;
  const [user = ""] = url.slice(from, to).split(":", 1);
  // A name without a password is often a password in the wrong place.
  const shown = from + user.length < to ? `${user}:${MASK}` : MASK;
  return url.slice(0, from) + shown + url.slice(to);
}
