/** The 4xx codes by which a server says "later", not "no" (docs/buyer.md). */
const LATER = [408, 425, 429];

/** Whether an HTTP status is a refusal that a retry can't change. */
export const isFinalRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && !LATER.includes(status);
