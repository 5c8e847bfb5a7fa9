import { isoOffset } from "./iso.ts";
import { type Value, get, isTagged } from "./value.ts";

/**
 * The offset from UTC that a `tzinfo` stands for, `+02:00`: empty without one, undefined for a zone whose offset its
 * name alone does not tell.
 */
export function zoneOffset(zone: Value | undefined): string | undefined {
  if (zone === undefined || zone === null) return "";
  if (!isTagged(zone) || zone.$ !== "object") return undefined;
  const [first, second] = zone.args ?? [];
  switch (zone.type) {
    case "datetime.timezone.utc":
    case "<UTC>": // how pytz writes it
    case "pytz._UTC":
    case "tzutc":
    case "dateutil.tz.tz.tzutc":
      return "+00:00";
    case "datetime.timezone":
      return durationOffset(first);
    case "zoneinfo.ZoneInfo":
      return get(zone.state, "key") === "UTC" ? "+00:00" : undefined;
    case "call": // pickled: zoneinfo.ZoneInfo._unpickle with the zone's name
      return second !== undefined && isTagged(second) && second.$ === "tuple" && second.items[0] === "UTC" ? "+00:00" : undefined;
    default:
      return undefined;
  }
}

function durationOffset(duration: Value | undefined): string | undefined {
  return duration !== undefined && isTagged(duration) && duration.$ === "timedelta" ? isoOffset(duration.text) : undefined;
}
