import { DAY, parseDate, type Span } from './days.js';

export interface OpenHours extends Span {
  /** 0 is Monday. `from` and `until` are ms since the start of that day; hours over midnight end after 24:00. */
  weekdays: number[];
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const WEEKDAY = `(${WEEKDAYS.join('|')})`;
const TIME = '((?:[01]\\d|2[0-3]):[0-5]\\d)';
const HOURS = `${TIME}-(24:00|${TIME})`;
const DATE = '(\\d{4}-\\d{2}-\\d{2})';

const TIME_OF_DAY = new RegExp(`^${TIME}$`);
const OPEN = new RegExp(`^${WEEKDAY}(?:-${WEEKDAY})? ${HOURS}$`);
const CLOSED = new RegExp(`^${DATE}(?:\\.\\.${DATE}| ${HOURS})?$`);

/**
 * Open hours as the market file writes them: `Mon-Fri 08:00-20:00`, `Sat 09:00-17:00`, over midnight `Fri-Sat
 * 22:00-02:00` (from Friday to Saturday and from Saturday to Sunday). Undefined for any other text.
 */
export function parseOpenHours(text: string): OpenHours | undefined {
  const [, first = '', last = first, start = '', end = ''] = OPEN.exec(text) ?? [];
  const [from, until] = [timeOf(start), timeOf(end)];
  // Also of a text that does not match.
  if (from === until) return undefined;
  return { weekdays: weekdaysOf(first, last), from, until: until > from ? until : until + DAY };
}

/** From one weekday to another, across the end of the week if necessary: `Sat-Mon` is three days. */
function weekdaysOf(first: string, last: string): number[] {
  const start = WEEKDAYS.indexOf(first);
  const count = ((WEEKDAYS.indexOf(last) - start + 7) % 7) + 1;
  return Array.from({ length: count }, (_, i) => (start + i) % 7);
}

/**
 * A closed time of a contract as the market file writes it: `2026-12-25`, `2026-12-24..2026-12-26` (both days
 * included) or `2026-12-24 12:00-24:00`, in wall time (see zone.ts). Undefined for any other text.
 */
export function parseClosedTime(text: string): Span | undefined {
  const [, first = '', last = first, start = '00:00', end = '24:00'] = CLOSED.exec(text) ?? [];
  const [firstDay, lastDay] = [parseDate(first), parseDate(last)];
  if (firstDay === undefined || lastDay === undefined) return undefined;
  const span = { from: firstDay + timeOf(start), until: lastDay + timeOf(end) };
  return span.from < span.until ? span : undefined;
}

/** `08:30`, ms since the start of the day; undefined for any other text. */
export const parseTimeOfDay = (text: string): number | undefined =>
  TIME_OF_DAY.test(text) ? timeOf(text) : undefined;

function timeOf(text: string): number {
  return (Number(text.slice(0, 2)) * 60 + Number(text.slice(3))) * 60_000;
}
