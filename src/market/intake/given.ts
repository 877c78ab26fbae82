/** The value of a field as a request has it, before it is read. One that shows nothing is left out. */
export type GivenValue =
  | { kind: 'text'; text: string; plusWasSpace?: boolean }
  /** A list of JSON (`repeated: false`), or a name that was given more than once. */
  | { kind: 'list'; texts: string[]; repeated: boolean }
  /** An object of JSON, as its text. */
  | { kind: 'object'; json: string };

/** By name as sent. */
export type Given = ReadonlyMap<string, GivenValue>;

/** The texts of a value, as they were sent; one text if a name was given again with the same one. */
export function textsOf(given: GivenValue): string | string[] {
  switch (given.kind) {
    case 'text':
      return given.text;
    case 'object':
      return given.json;
    case 'list': {
      const [first, ...others] = new Set(given.texts);
      return given.repeated && first !== undefined && others.length === 0 ? first : given.texts;
    }
  }
}

/** The problem with the kind of a value of a documented field; these fields are texts. */
export function problemOfKind(given: GivenValue): string | undefined {
  switch (given.kind) {
    case 'text':
      return undefined;
    case 'object':
      return 'an object; send one text, number or boolean';
    case 'list':
      return given.repeated ? 'given twice' : 'a list; send one text, number or boolean';
  }
}
