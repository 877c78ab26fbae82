/** Letters with a stroke or a ligature, which Unicode does not take apart. */
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

/** As German, Danish, Norwegian and Swedish write them without their keyboards. */
const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/** In lower case, without marks over or under its letters, and with plain digits. */
export function foldText(text: string): string {
  const lower = text.toLowerCase();
  if (isAscii(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\0-\x7f]/gu, (letter) => LETTERS[letter] ?? plainDigit(letter))
    .toLowerCase();
}

/** The ways to write a text in plain letters: `muller` and `mueller` for Müller. */
export function foldings(text: string): string[] {
  const folded = foldText(text);
  if (isAscii(text)) return [folded];
  const composed = text.toLowerCase().normalize('NFC');
  if (!/[äöüåø]/.test(composed)) return [folded];
  return [folded, foldText(composed.replace(/[äöüåø]/g, (letter) => UMLAUTS[letter] ?? letter))];
}

export const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** Scripts have their digits in a row, from zero to nine. */
function plainDigit(character: string): string {
  if (!/^\p{Nd}$/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}
