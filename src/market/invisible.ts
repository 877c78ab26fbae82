/**
 * Invisible characters that change how text is displayed: controls (C0, C1), directional marks, line separators, lone
 * surrogates. As part of a regular expression with the flag `u`.
 */
export const INVISIBLE = String.raw`[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u{feff}]`;

const unseen = new RegExp(INVISIBLE, 'u');

/** Whether a text has such a character; line breaks and tabs are some. */
export const hasInvisible = (text: string): boolean => unseen.test(text);
