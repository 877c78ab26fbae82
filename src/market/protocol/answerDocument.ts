import { parseExactJson } from '../mapping/exactJson.js';
import type { AnswerTerms } from '../model/protocol.js';
import { parseXml, xmlAsData, type XmlElement } from './xmlDocument.js';

/** An HTTP answer as it arrived, decoded to text. */
export interface RawAnswer {
  status: number;
  /** By name in lower case. */
  headers: Readonly<Record<string, string>>;
  text: string;
}

/** An answer as selectors see it. */
export type AnswerDocument = { text: string } & (
  | { kind: 'json'; data: unknown }
  | { kind: 'xml'; root: XmlElement }
  | { kind: 'text' }
  /** It is not what the protocol says. */
  | { kind: 'unreadable'; expected: 'JSON' | 'XML' }
);

/** Reads a text; `auto` goes by its type, then by its first character, because many servers get the type wrong. */
export function readDocument(
  given: string,
  reads: NonNullable<AnswerTerms['reads']>,
  contentType = '',
): AnswerDocument {
  const text = given.replace(/^\uFEFF/, '').trim();
  switch (reads) {
    case 'text':
      return { kind: 'text', text };
    case 'json':
      return readJson(text) ?? { kind: 'unreadable', expected: 'JSON', text };
    case 'xml':
      return readXml(text) ?? { kind: 'unreadable', expected: 'XML', text };
    case 'auto':
      return guess(text, contentType.toLowerCase());
  }
}

function guess(text: string, contentType: string): AnswerDocument {
  const isJson = /^[^;]*\bjson\b/.test(contentType);
  if (isJson || /^[[{]/.test(text)) {
    const read = readJson(text);
    if (read !== undefined) return read;
  }
  if (text.startsWith('<')) {
    const read = readXml(text);
    if (read !== undefined) return read;
  }
  return { kind: 'text', text };
}

/** Integers of more than 15 digits, which are ids, become texts. */
function readJson(text: string): AnswerDocument | undefined {
  const data = parseExactJson(text);
  return data === undefined ? undefined : { kind: 'json', data, text };
}

function readXml(text: string): AnswerDocument | undefined {
  const root = parseXml(text);
  return root && { kind: 'xml', root, text };
}

/** The document as the templates of the post see it. */
export function asData(document: AnswerDocument): unknown {
  switch (document.kind) {
    case 'json':
      return document.data;
    case 'xml':
      return xmlAsData(document.root);
    case 'text':
    case 'unreadable':
      return document.text;
  }
}
