/** The known word that a mistyped one probably stands for; undefined if none is close. */
export function nearest(
  word: string,
  known: readonly string[],
  { lettersPerSlip = 3 }: { lettersPerSlip?: number } = {},
): string | undefined {
  if (word.length > 64) return undefined;
  const close = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter((one) => one.distance <= Math.max(1, Math.floor(one.candidate.length / lettersPerSlip)))
    .sort((a, b) => a.distance - b.distance);
  return close[0]?.candidate;
}

/** How many letters to insert, drop, change or swap with their neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const costs = [(above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + change];
      // Outside both words there are no letters, so neither of these is the same.
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) costs.push((before[j - 2] ?? 0) + 1);
      row.push(Math.min(...costs));
    }
    [before, above] = [above, row];
  }
  return above[b.length] ?? 0;
}

/** Of the known categories, the one that another was probably meant to be: mistyped, or cut short. */
export function similarCategory(category: string, known: readonly string[]): string | undefined {
  const wordsOf = (text: string): string[] => text.toLowerCase().split(/[^a-z0-9]+/);
  const isPart = (part: string[], whole: string[]): boolean => part.every((word) => whole.includes(word));
  const words = wordsOf(category);
  const meant = known.find((one) => isPart(words, wordsOf(one)) || isPart(wordsOf(one), words));
  return nearest(category, known) ?? meant;
}
