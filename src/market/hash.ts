/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): small, well spread, the same on every machine. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** A pseudorandom number from 0 up to 1 that is the same each time. */
export const fraction = (text: string): number => fnv1a(text) / 2 ** 32;
