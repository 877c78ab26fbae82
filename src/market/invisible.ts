/**
 * What can't be seen and steers whoever shows it: controls (C0, C1), marks of direction, separators of lines, half a
 * character. As part of a regular expression with the flag `u`.
 */
export const INVISIBLE = String.raw`[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u{feff}]`;

const unseen = new RegExp(INVISIBLE, 'u');

/** Whether a text has such a character; line breaks and tabs are some. */
export const hasInvisible = (text: string): boolean => unseen.test(text);
