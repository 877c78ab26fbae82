import { FULL_NAME, meanings, type SourceTerms } from '../fields/aliases.js';
import type { FieldValue } from '../fields/reading.js';
import { REQUIRED_BY_DEFAULT, standardField, type LeadFields } from '../fields/standardFields.js';
import { MAX_VALUE } from '../fields/text.js';
import type { Inbound } from './inbound.js';
import { documentReader, type SourceDocument } from './documents.js';
import { textsOf } from './documentText.js';
import {
  compiledPath,
  conditionTest,
  fieldMapper,
  TOO_LONG,
  type Mapped,
  type MapOptions,
} from './mapField.js';
import { isMap, valueAt } from './path.js';
import { shownText, usualFields, type UsualField } from './usualFields.js';

/** A document as a lead: each field with its value, or why it has none. */
export interface MappedDocument {
  fields: ReadonlyMap<string, Mapped>;
  isTest: boolean;
  /** What identifies the lead if it comes again; absent if the document does not have all of it. */
  once?: string;
}

/** A source's mapping, ready for many requests. */
export interface CompiledInbound {
  /** The documents of a body that may be leads; `ignored` counts the others. `problem`: why none of them is read. */
  read: (body: unknown) => { documents: SourceDocument[]; ignored: number; problem?: string };
  map: (document: SourceDocument, options: MapOptions) => MappedDocument;
}

/**
 * Compiles an expanded mapping (`expandInbound`).
 * @throws Error if a path or a format is faulty, which the market file's checks report before
 */
export function compileInbound(inbound: Inbound, terms: SourceTerms = {}): CompiledInbound {
  const { ignore = [], once = [], test = [], fields = {}, pairs = [] } = inbound;
  const read = documentReader(inbound);
  const isIgnored = ignore.map(conditionTest);
  const isTest = test.map(conditionTest);
  const oncePaths = once.map((paths) => [paths].flat().map(compiledPath));
  const mappers = Object.entries(fields).map(([field, mapping]) => ({ field, map: fieldMapper(mapping) }));
  const holders = pairs.flatMap(({ into }) => into ?? []);
  const mapped = new Set(mappers.map(({ field }) => field));
  const meaningOf = meanings(terms, { numbered: true });
  return {
    read: (body) => {
      const all = read(body);
      if ('problem' in all) return { documents: [], ignored: 0, ...all };
      const documents = all.filter((document) => !isIgnored.some((holds) => holds(document)));
      return { documents, ignored: all.length - documents.length };
    },
    map: (document, options) => {
      const found = new Map<string, Mapped>();
      for (const { field, map } of mappers) found.set(field, bounded(map(document, options)));
      for (const [name, mapped] of unmapped(document, found)) found.set(name, mapped);
      if (inbound.aliases === true)
        for (const field of unnamed(found)) found.set(field, { missing: UNNAMED });
      const ids = oncePaths.map(
        (paths) =>
          paths.map((path) => textsOf(valueAt(path, document)).join(', ').trim()).find((id) => id !== '') ??
          '',
      );
      const identified = ids.length > 0 && ids.every((id) => id !== '');
      return {
        fields: found,
        isTest: isTest.some((holds) => holds(document)),
        once: identified ? ids.join('/') : undefined,
      };
    },
  };

  /** Names that no mapping mentions, if the source wants them: the usual ones, or all. */
  function unmapped(document: SourceDocument, found: ReadonlyMap<string, Mapped>): [string, Mapped][] {
    const isOfDocument = (name: string): boolean =>
      name !== 'body' && !holders.includes(name) && !(inbound.brackets && name.includes('['));
    const rest = Object.entries(document).filter(([name]) => isOfDocument(name));
    const maps = [...holders.map((name) => document[name]).filter(isMap), Object.fromEntries(rest)];
    const usual = inbound.aliases === true ? maps.flatMap((map) => usualFields(map, meaningOf)) : [];
    const taken = new Map<string, UsualField>();
    for (const one of usual) if (!mapped.has(one.field) && !taken.has(one.field)) taken.set(one.field, one);
    const has = (field: string): boolean => {
      const own = found.get(field);
      return taken.has(field) || (own !== undefined && 'value' in own);
    };
    if (has('firstName') && has('lastName')) taken.delete(FULL_NAME);
    const aliased = [...taken].map(([field, { text }]): [string, string] => [field, text]);
    const isUsual = (name: string): boolean =>
      standardField(name) !== undefined || meaningOf(name) !== undefined;
    const others = inbound.rest === 'keep' ? rest.filter(([name]) => !isUsual(name)) : [];
    const kept = others.map((one) => shownText(one));
    return [...aliased, ...kept]
      .filter(([name, text]) => text !== '' && !mapped.has(name))
      .map(([name, text]) => [name, bounded({ value: text, sent: text })]);
  }
}

const UNNAMED = 'no name in it means this field, and no label asks for it';

/** Fields that leads usually need, and that the document has under no usual name. */
const unnamed = (found: ReadonlyMap<string, Mapped>): string[] =>
  REQUIRED_BY_DEFAULT.filter(
    (field) => !found.has(field) && !(found.has(FULL_NAME) && /^(?:first|last)Name$/.test(field)),
  );

function bounded(mapped: Mapped): Mapped {
  if (!('value' in mapped)) return mapped;
  const isTooLong = [mapped.value, mapped.sent].flat().some((text) => text.length > MAX_VALUE);
  return isTooLong ? TOO_LONG : mapped;
}

/** The values of a mapped document by field, for `readLead`. */
export const mappedValues = ({ fields }: MappedDocument): [string, FieldValue][] =>
  [...fields].flatMap(([field, mapped]): [string, FieldValue][] =>
    'value' in mapped ? [[field, mapped.value]] : [],
  );

/** The lead with what the source sent beside the values that its mapping normalised. */
export function withSentValues(lead: LeadFields, { fields }: MappedDocument): LeadFields {
  const sent = new Map(Object.entries(lead.sent ?? {}));
  const notes = new Map(Object.entries(lead.notes ?? {}));
  for (const [field, mapped] of fields) {
    if (!('value' in mapped) || !Object.hasOwn(lead.fields, field)) continue;
    if (JSON.stringify(mapped.sent) === JSON.stringify(lead.fields[field])) sent.delete(field);
    else sent.set(field, mapped.sent);
    if (mapped.note !== undefined && !notes.has(field)) notes.set(field, mapped.note);
  }
  return {
    ...lead,
    sent: sent.size === 0 ? undefined : Object.fromEntries(sent),
    notes: notes.size === 0 ? undefined : Object.fromEntries(notes),
  };
}
