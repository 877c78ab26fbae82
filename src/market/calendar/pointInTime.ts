/** An ISO 8601 date or date and time; a day that its month does not have is none. */
export function pointInTime(text: string): Date | undefined {
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const at = new Date(text);
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  return isIso && exists && !Number.isNaN(at.getTime()) ? at : undefined;
}
