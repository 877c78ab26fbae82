/** Letters with a stroke and ligatures, which Unicode does not decompose. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
};

/** Transliterations of German, Danish, Norwegian and Swedish on other keyboards. */
const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/** In lower case, without diacritics, and with ASCII digits. */
export function foldText(text: string): string {
  const lower = text.toLowerCase();
  if (isAscii(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\0-\x7f]/gu, (letter) => LETTERS[letter] ?? plainDigit(letter))
    .toLowerCase();
}

/** The spellings of a text in ASCII letters: `muller` and `mueller` for Müller. */
export function foldings(text: string): string[] {
  const folded = foldText(text);
  if (isAscii(text)) return [folded];
  const composed = text.toLowerCase().normalize('NFC');
  if (!/[äöüåø]/.test(composed)) return [folded];
  return [folded, foldText(composed.replace(/[äöüåø]/g, (letter) => UMLAUTS[letter] ?? letter))];
}

export const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** The digits of a script are consecutive, from zero to nine. */
function plainDigit(character: string): string {
  if (!/^\p{Nd}$/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}
