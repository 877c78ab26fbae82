/** The header that shortens the answer window (RFC 7240). @param waitS seconds; undefined for the whole window */
export function preferOf(waitS: number | undefined): Record<string, string> {
  if (waitS === undefined) return {};
  return { prefer: waitS === 0 ? 'respond-async' : `wait=${Math.ceil(waitS)}` };
}
