/** Names and values in the order sent; a form may repeat a name. */
export type Entries = (readonly [name: string, value: unknown])[];
