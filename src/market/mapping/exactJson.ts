/** A string, or a number by RFC 8259. */
const TEXT_OR_NUMBER =
  /"(?:[^"\\]+|\\.)*"|(?<![\w.+-])-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/g;

/**
 * Quotes numbers beyond 2^53, such as ids of ad platforms: JSON.parse would change their last digits.
 * @param json valid JSON: on other text the expression could take very long
 */
export function quoteLargeNumbers(json: string): string {
  if (!/\d{16}|[eE][+-]?\d/.test(json)) return json;
  return json.replace(TEXT_OR_NUMBER, (token) => (keepsDigits(token) ? token : `"${token}"`));
}

function keepsDigits(token: string): boolean {
  if (token.startsWith('"')) return true;
  const number = Number(token);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
}

/** Deeper documents are not read: no form nests so deep, and to walk through them takes a stack of its own. */
export const MAX_DEPTH = 64;

/** The value of a JSON text with all digits of its numbers; undefined if it is not JSON, or deeper than MAX_DEPTH. */
export function parseExactJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (depthOf(text) > MAX_DEPTH) return undefined;
    const exact = quoteLargeNumbers(text);
    return exact === text ? value : (JSON.parse(exact) as unknown);
  } catch {
    return undefined;
  }
}

/** @param json valid JSON, as for quoteLargeNumbers */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]+|\\.)*"|[[{\]}]/g)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, (depth += 1));
    else if (token === ']' || token === '}') depth -= 1;
  }
  return deepest;
}
