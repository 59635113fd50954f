// The calendar in UTC for the oracle: fields of the text, counted up by hand, without Date.

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

function fieldsOf(now: string): Fields {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = now.split(/[-T:.Z]/).map(Number);
  return { year, month, day, hour, minute };
}

function daysIn({ year, month }: Fields): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

/** 0 is Sunday (Sakamoto). */
function dayOfWeek({ year, month, day }: Fields): number {
  const offset = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1] ?? 0;
  const y = month < 3 ? year - 1 : year;
  return (y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + offset + day) % 7;
}

function nextDay(at: Fields): Fields {
  if (at.day < daysIn(at)) return { ...at, day: at.day + 1 };
  if (at.month < 12) return { ...at, month: at.month + 1, day: 1 };
  return { ...at, year: at.year + 1, month: 1, day: 1 };
}

function write(at: Fields): string {
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${String(at.year).padStart(4, "0")}-${two(at.month)}-${two(at.day)}T${two(at.hour)}:${two(at.minute)}:00.000Z`;
}

/** What a condition may ask of a time. */
export function timeParts(now: string): { hour: number; minute: number; weekday: string; date: string } {
  const at = fieldsOf(now);
  return { hour: at.hour, minute: at.minute, weekday: names[dayOfWeek(at)] ?? "", date: write(at).slice(0, 10) };
}

/** Where the window that holds `now` ends, which is where the next one begins. */
export function windowEnd(now: string, window: string): string {
  const at = fieldsOf(now);
  const midnight = { ...at, hour: 0, minute: 0 };
  switch (window) {
    case "minute":
      if (at.minute < 59) return write({ ...at, minute: at.minute + 1 });
      return windowEnd(now, "hour");
    case "hour":
      return write(at.hour < 23 ? { ...at, minute: 0, hour: at.hour + 1 } : nextDay(midnight));
    case "day":
      return write(nextDay(midnight));
    case "week": {
      let day = nextDay(midnight);
      while (dayOfWeek(day) !== 1) day = nextDay(day);
      return write(day);
    }
    default:
      return write(
        at.month < 12
          ? { ...midnight, month: at.month + 1, day: 1 }
          : { ...midnight, year: at.year + 1, month: 1, day: 1 },
      );
  }
}
