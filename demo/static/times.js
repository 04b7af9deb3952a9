// Instants (Unix seconds) as people read them, in a person's zone.

const formats = new Map();

function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key);
}

export const clockTime = (at, zone) => format(zone, { hour: "2-digit", minute: "2-digit" }).format(at * 1000);
export const clockSeconds = (at, zone) => format(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at * 1000);
export const dayName = (at, zone) => format(zone, { weekday: "short", day: "numeric", month: "short" }).format(at * 1000);
export const isoDay = (at, zone) => {
  const parts = Object.fromEntries(format(zone, { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(at * 1000).map((p) => [p.type, p.value]));
  return `${parts.year}-${parts.month}-${parts.day}`;
};
export const zoneCity = (zone) => zone.split("/").pop().replaceAll("_", " ");

export function until(at, now, zone) {
  if (!at) return "";
  const day = isoDay(at, zone);
  if (day === isoDay(now, zone)) return clockTime(at, zone);
  if (day === isoDay(now + 86400, zone)) return `tomorrow ${clockTime(at, zone)}`;
  return `${dayName(at, zone)}, ${clockTime(at, zone)}`;
}

// A wall-clock day ("2026-11-23") and time ("09:30") in a zone → Unix seconds.
export function instant(day, time, zone) {
  const guess = Date.parse(`${day}T${time}:00Z`) / 1000;
  const shown = Date.parse(`${isoDay(guess, zone)}T${clockTime(guess, zone)}:00Z`) / 1000;
  const first = guess - (shown - guess);
  const again = Date.parse(`${isoDay(first, zone)}T${clockTime(first, zone)}:00Z`) / 1000;
  return first - (again - guess);
}
