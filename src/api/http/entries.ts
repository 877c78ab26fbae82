/** Names and values in the order in which they came; a form may name a field twice. */
export type Entries = (readonly [name: string, value: unknown])[];
