/** A field's value: one text, or several if a source sends a list or repeats a custom field. */
export type FieldValue = string | string[];

/**
 * The meaning of a sent value.
 *
 * - `value`: its normal form. A `note` beside it names a correction that a person may want to check.
 * - no `value`, no `note`: blank, as if the field had not been sent.
 * - no `value` but a `note`: not readable with certainty. It is kept as sent, and the note gives ops the reason.
 */
export interface Reading<T = string> {
  value?: T;
  /** As it was sent, untouched. */
  original: string;
  /** A few words for ops and the source; never repeats the value. */
  note?: string;
}
