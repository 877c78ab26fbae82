import {
  addTemplate,
  compileForm,
  compileJson,
  compileXml,
  compileXmlParts,
  formText,
  type Compiling,
  type Pairs,
  type ReportFault,
  type RequestSize,
} from './bodies.js';
import { ProtocolFault } from './protocolFault.js';
import { compileBareText, compileTemplate, type Template } from './template.js';
import { escapeUrl } from './templateFilters.js';
import type { Reference, Scope } from './scope.js';
import {
  BODIES,
  type AuthTerms,
  type OAuth2Terms,
  type RequestTerms,
  type SoapTerms,
  type Step,
  type Tree,
} from '../model/protocol.js';
import { textOfValue } from './values.js';

/** A request, ready to be sent; it can hold a person and secrets, and is never written anywhere. */
export interface RenderedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  oauth2?: RenderedOAuth2;
}

/** Credentials for a token. */
export interface RenderedOAuth2 {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scope?: string;
  audience?: string;
  sendIn: 'header' | 'body';
}

export interface CompiledRequest {
  /** @returns the request, or why it can't be sent, in words that repeat no value */
  render: (scope: Scope) => RenderedRequest | { problem: string };
  references: readonly Reference[];
  timeoutMs?: number;
}

/** Bytes of UTF-8. */
const LARGEST_BODY = 256 * 1024;
const LONGEST_URL = 16_000;
const LONGEST_HEADER = 8000;

/** Headers that belong to HTTP itself or to Gavel. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

type Part<T> = (scope: Scope) => T;

/**
 * Compiles a request. Faults go to `report` with their place below `request`; with any fault, the result is of no use.
 * @param url the address of the buyer's step, if the request has no url
 */
export function compileRequest(
  terms: RequestTerms,
  { step, url }: { step: Step; url: string | undefined },
  report: ReportFault,
): CompiledRequest {
  const references: Reference[] = [];
  const size: RequestSize = { leaves: 0, placeholders: 0 };
  const at = (...path: (string | number)[]): Compiling => ({
    step,
    references,
    size,
    report: (inner, message) => report([...path, ...inner], message),
  });
  const address = compileAddress(terms.url ?? url ?? '', at('url'));
  const query = terms.query === undefined ? () => [] : compileForm(terms.query, at('query'));
  const body = compileBody(terms, at);
  const headers = compileHeaders(terms.headers ?? {}, at('headers'));
  const auth = compileAuth(terms.auth, at('auth'));
  const { method = body === undefined ? 'GET' : 'POST' } = terms;
  if (method === 'GET' && body !== undefined)
    report(['method'], 'is GET, which has no body; write query instead of the body');
  const render = (scope: Scope): RenderedRequest | { problem: string } => {
    const missing = references.find(({ to, name }) => to === 'secret' && scope.secret(name) === undefined);
    if (missing !== undefined) return { problem: `the secret ${missing.name} is not stored` };
    const target = address(scope);
    if ('problem' in target) return target;
    const proof = auth(scope);
    for (const [name, value] of [...query(scope), ...proof.query]) {
      // Adding a value takes time in proportion to the whole address.
      if (target.url.href.length > LONGEST_URL) break;
      target.url.searchParams.append(name, value);
    }
    if (target.url.href.length > LONGEST_URL) return { problem: 'the address is too long' };
    const written = body?.(scope);
    if (written !== undefined && isOver(written.text, LARGEST_BODY))
      return { problem: `the body is over ${LARGEST_BODY / 1024} KiB` };
    return {
      method,
      url: target.url.href,
      headers: { ...written?.headers, ...headers(scope), ...proof.headers },
      body: written?.text,
      oauth2: proof.oauth2,
    };
  };
  return { render, references, timeoutMs: terms.timeoutMs };
}

/** Whether a text has more bytes of UTF-8. A UTF-16 unit has at most three. */
const isOver = (text: string, bytes: number): boolean =>
  text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;

/** Compiles a text; on a fault, one that is empty. */
function templateOf(
  text: string,
  compiling: Compiling,
  compile: (text: string, step: Step) => Template = compileTemplate,
): Template {
  try {
    const template = compile(text, compiling.step);
    addTemplate(compiling, template);
    return template;
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    compiling.report([], error.message);
    return { render: () => '', references: [], placeholders: 0 };
  }
}

const textPart = (text: string, compiling: Compiling): Part<string> => {
  const { render } = templateOf(text, compiling);
  return (scope) => textOfValue(render(scope));
};

/** Placeholders stand behind the host, each within one segment of the path or one value of the query. */
function compileAddress(text: string, compiling: Compiling): Part<{ url: URL } | { problem: string }> {
  const origin = /^https?:\/\/[^/?#{}]+/.exec(text)?.[0];
  if (origin === undefined || !URL.canParse(origin))
    compiling.report(
      [],
      'has no host that is written out; write it like https://buyer.example/leads/{{ values.id }}',
    );
  if (text.includes('#')) compiling.report([], 'has a # and what is behind it is never sent; remove it');
  const segments = (address: string): number => new URL(address).pathname.split('/').length;
  const expected = URL.canParse(text) ? segments(text.replace(/\{\{.*?\}\}/gs, 'x')) : 0;
  const { render } = templateOf(text, compiling, (given, step) => compileTemplate(given, step, escapeUrl));
  if (!text.includes('{{') && URL.canParse(text)) return () => ({ url: new URL(text) });
  return (scope) => {
    const address = textOfValue(render(scope));
    if (!URL.canParse(address)) return { problem: 'the address is not valid' };
    const url = new URL(address);
    // A value of dots would lead to another path.
    if (url.origin !== new URL(origin ?? '').origin || segments(address) !== expected)
      return { problem: 'a value leads to another address' };
    return { url };
  };
}

interface Body {
  text: string;
  headers: Record<string, string>;
}

function compileBody(terms: RequestTerms, at: (...path: string[]) => Compiling): Part<Body> | undefined {
  const given = BODIES.filter((kind) => terms[kind] !== undefined);
  const [kind] = given;
  if (given.length > 1) at().report([], `has ${given.join(' and ')}; a request has one body`);
  if (kind === undefined) return undefined;
  const compiling = at(kind);
  const accept = { accept: 'application/json, text/xml, */*' };
  switch (kind) {
    case 'json': {
      const write = compileJson(terms.json ?? '', compiling);
      return (scope) => ({
        text: write(scope),
        headers: { 'content-type': 'application/json', accept: 'application/json' },
      });
    }
    case 'form': {
      const pairs: Part<Pairs> = compileForm(terms.form ?? {}, compiling);
      const headers = { 'content-type': 'application/x-www-form-urlencoded', ...accept };
      return (scope) => ({ text: formText(pairs(scope)), headers });
    }
    case 'xml': {
      const write = compileXml(terms.xml ?? {}, compiling);
      const headers = { 'content-type': 'application/xml', ...accept };
      return (scope) => ({ text: DECLARATION + write(scope), headers });
    }
    case 'soap':
      return compileSoap(terms.soap ?? {}, at);
    case 'text': {
      const text = templateOf(terms.text ?? '', compiling, compileBareText);
      const headers = { 'content-type': 'text/plain; charset=utf-8', ...accept };
      return (scope) => ({ text: textOfValue(text.render(scope)), headers });
    }
  }
}

const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n';

const ENVELOPES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
};

function compileSoap(
  { version = '1.1', action, header, body }: SoapTerms,
  at: (...path: string[]) => Compiling,
): Part<Body> {
  const parts = (key: 'header' | 'body', tree: Tree | undefined): Part<string> | undefined =>
    tree === undefined ? undefined : compileXmlParts(tree, at('soap', key));
  if (body === undefined) at('soap', 'body').report([], 'is missing; a SOAP request needs it');
  if (action !== undefined && !/^[\x21\x23-\x7e]*$/.test(action))
    at('soap', 'action').report([], 'is not an address without spaces and quotes');
  const [head, content] = [parts('header', header), parts('body', body)];
  const headers: Record<string, string> =
    version === '1.1'
      ? { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${action ?? ''}"` }
      : {
          'content-type': `application/soap+xml; charset=utf-8${action === undefined ? '' : `; action="${action}"`}`,
        };
  return (scope) => {
    const top = head === undefined ? '' : `<soap:Header>${head(scope)}</soap:Header>`;
    const envelope = `<soap:Envelope xmlns:soap="${ENVELOPES[version]}">${top}<soap:Body>${content?.(scope) ?? ''}</soap:Body></soap:Envelope>`;
    return { text: DECLARATION + envelope, headers: { accept: 'text/xml, */*', ...headers } };
  };
}

function compileHeaders(
  given: Readonly<Record<string, string>>,
  compiling: Compiling,
): Part<Record<string, string>> {
  const made = Object.entries(given).map(([name, value]): [string, Part<string>] => {
    const { report } = compiling;
    checkHeaderName(name, (message) => report([name], message));
    return [
      name.toLowerCase(),
      headerPart(value, { ...compiling, report: (path, message) => report([name, ...path], message) }),
    ];
  });
  return (scope) =>
    Object.fromEntries(
      made.map(([name, value]): [string, string] => [name, value(scope)]).filter(([, value]) => value !== ''),
    );
}

function checkHeaderName(name: string, report: (message: string) => void): void {
  if (!TOKEN.test(name)) report(`"${name}" is not the name of a header`);
  else if (RESERVED.has(name.toLowerCase())) report(`is set by Gavel; remove it`);
}

/** A value on one line. What a header can't hold is left out, so no value begins another header. */
function headerPart(text: string, compiling: Compiling): Part<string> {
  const part = textPart(text, compiling);
  return (scope) =>
    part(scope)
      .replace(/[^\t\x20-\x7e\xa0-\xff]+/g, ' ')
      .trim()
      .slice(0, LONGEST_HEADER);
}

interface Proof {
  headers: Record<string, string>;
  query: Pairs;
  oauth2?: RenderedOAuth2;
}

const NO_PROOF: Proof = { headers: {}, query: [] };

function compileAuth(auth: AuthTerms | undefined, compiling: Compiling): Part<Proof> {
  const { report } = compiling;
  const ways = Object.keys(auth ?? {});
  if (ways.length > 1) report([], `has ${ways.join(' and ')}; keep one of them`);
  const below = (...path: string[]): Compiling => ({
    ...compiling,
    report: (inner, message) => report([...path, ...inner], message),
  });
  const needed = <T extends object>(way: string, terms: T, key: keyof T & string): Part<string> => {
    const text: unknown = terms[key];
    if (typeof text === 'string') return textPart(text, below(way, key));
    report([way, key], `is missing; ${way} needs it`);
    return () => '';
  };
  if (auth?.basic !== undefined) {
    const { basic } = auth;
    const [user, password] = [needed('basic', basic, 'user'), needed('basic', basic, 'password')];
    return (scope) => ({ ...NO_PROOF, headers: { authorization: basicAuth(user(scope), password(scope)) } });
  }
  if (auth?.bearer !== undefined) {
    const token = headerPart(auth.bearer, below('bearer'));
    return (scope) => ({ ...NO_PROOF, headers: { authorization: `Bearer ${token(scope)}` } });
  }
  if (auth?.header !== undefined) {
    const { name = '', value } = auth.header;
    checkHeaderName(name, (message) => report(['header', 'name'], message));
    if (value === undefined) report(['header', 'value'], 'is missing; header needs it');
    const part = headerPart(value ?? '', below('header', 'value'));
    return (scope) => ({ ...NO_PROOF, headers: { [name.toLowerCase()]: part(scope) } });
  }
  if (auth?.query !== undefined) {
    const { name = '' } = auth.query;
    if (name === '') report(['query', 'name'], 'is missing; query needs it');
    const value = needed('query', auth.query, 'value');
    return (scope) => ({ ...NO_PROOF, query: [[name, value(scope)]] });
  }
  if (auth?.oauth2 !== undefined) return compileOAuth2(auth.oauth2, below('oauth2'), needed);
  if (auth !== undefined && ways.length === 0)
    report([], 'is empty; write basic, bearer, header, query or oauth2');
  return () => NO_PROOF;
}

function compileOAuth2(
  terms: OAuth2Terms,
  compiling: Compiling,
  needed: (way: string, terms: OAuth2Terms, key: keyof OAuth2Terms) => Part<string>,
): Part<Proof> {
  const { tokenUrl = '', scope: asked, audience, sendIn = 'header' } = terms;
  if (!URL.canParse(tokenUrl) || tokenUrl.includes('{{'))
    compiling.report(['tokenUrl'], 'is not an address; write it like https://auth.buyer.example/token');
  const [clientId, clientSecret] = [
    needed('oauth2', terms, 'clientId'),
    needed('oauth2', terms, 'clientSecret'),
  ];
  return (scope) => ({
    ...NO_PROOF,
    oauth2: {
      tokenUrl,
      clientId: clientId(scope),
      clientSecret: clientSecret(scope),
      scope: asked,
      audience,
      sendIn,
    },
  });
}

/** RFC 7617, in UTF-8. */
export function basicAuth(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user.replaceAll(':', '')}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
}
