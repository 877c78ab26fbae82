import { readMoney } from '../fields/number.js';
import { minorDigits, MOST_MONEY, toMinor, type Minor } from '../money.js';
import { isFinalRefusal } from '../model/delivery.js';
import { asData, readDocument, type RawAnswer } from './answerDocument.js';
import type { ReportFault } from './bodies.js';
import {
  compilePlainCondition,
  compileSelector,
  type CompiledCondition,
  type Selected,
  type SelectedAnswer,
} from './selector.js';
import {
  ORDER,
  OUTCOMES,
  YES,
  type AnswerTerms,
  type BidSelector,
  type Condition,
  type Outcome,
  type Step,
} from '../model/protocol.js';

/**
 * What an answer means. `unclear`: it fits no condition, can't be read, or has a status that never is an answer. Texts of
 * the buyer are as it sent them: they are screened before they are stored or logged.
 */
export interface AnswerReading {
  means: Outcome | 'unclear';
  /** Of a bid. */
  bid?: Minor;
  /** Why it is unclear, in words that repeat nothing of the answer. */
  detail?: string;
  id?: string;
  reason?: string;
  /** The reason as one of the protocol's own words. */
  code?: string;
  redirect?: string;
  capture: Record<string, string>;
  /** The answer as data, for the templates of the post. */
  data: () => unknown;
}

export type AnswerReader = (raw: RawAnswer, currency: string) => AnswerReading;

const CONDITIONS = {
  bid: 'bidWhen',
  noBid: 'noBidWhen',
  accepted: 'acceptedWhen',
  refused: 'refusedWhen',
  duplicate: 'duplicateWhen',
  pending: 'pendingWhen',
  again: 'againWhen',
} as const satisfies Record<Outcome, keyof AnswerTerms>;

interface Rule extends CompiledCondition {
  outcome: Outcome;
}

/** Compiles the reading of a step's answers. Faults go to `report` with their place below `answer`. */
export function compileAnswer(terms: AnswerTerms, step: Step, report: ReportFault): AnswerReader {
  const below =
    (...path: string[]): ReportFault =>
    (inner, message) =>
      report([...path, ...inner], message);
  const selectorAt = (key: 'id' | 'redirect' | 'reason'): Selected | undefined => {
    const terms_ = terms[key];
    return terms_ && compileSelector(terms_, below(key));
  };
  const rules = rulesOf(terms, step, below);
  const unwrap = compileUnwrap(terms.unwrap, below('unwrap'));
  const [id, redirect, reason] = [selectorAt('id'), selectorAt('redirect'), selectorAt('reason')];
  const bid = step === 'ping' ? compileBid(terms.bid, below('bid')) : undefined;
  if (step !== 'ping' && terms.bid !== undefined) report(['bid'], 'is of answers to pings; remove it');
  const capture = Object.entries(terms.capture ?? {}).map(
    ([name, selector]) => [name, compileSelector(selector, below('capture', name))] as const,
  );
  const codes = new Map(
    Object.entries(terms.reasons ?? {}).map(([text, code]) => [text.trim().toLowerCase(), code]),
  );
  const { reads = 'auto', reasonElse } = terms;
  return ({ status, headers, text }, currency) => {
    const outer = readDocument(text, reads, headers['content-type']);
    const document = unwrap({ status, headers, document: outer });
    const answer: SelectedAnswer = { status, headers, document };
    const captured = capture.flatMap(([name, select]): [string, string][] => {
      const value = select(answer);
      return value === undefined ? [] : [[name, value]];
    });
    const said = reason?.(answer) ?? reasonElse;
    const known = {
      id: id?.(answer),
      reason: said,
      code: said === undefined ? undefined : codes.get(said.toLowerCase()),
      redirect: redirect?.(answer),
      capture: Object.fromEntries(captured),
      data: () => asData(document),
    };
    const unclear = (detail: string): AnswerReading => ({ ...known, means: 'unclear', detail });
    if (neverAnAnswer(status)) return unclear(`HTTP ${status}`);
    const rule =
      rules.plain.find(({ holds }) => holds(answer)) ?? rules.rest.find(({ holds }) => holds(answer));
    if (rule === undefined) {
      const about = status === 200 ? '' : `HTTP ${status}: `;
      if (document.kind === 'unreadable') return unclear(`${about}the answer is not ${document.expected}`);
      return unclear(`${about}the answer fits none of ${rules.names.join(', ')}`);
    }
    if (rule.outcome !== 'bid') return { ...known, means: rule.outcome };
    const offered = bid?.(answer, currency) ?? { detail: 'there is no bid' };
    if ('detail' in offered) return unclear(offered.detail);
    return offered.bid === 0 ? { ...known, means: 'noBid' } : { ...known, means: 'bid', bid: offered.bid };
  };
}

/** Statuses that say "later", or nothing about the lead, whatever the body says. */
const neverAnAnswer = (status: number): boolean => (status < 200 || status > 299) && !isFinalRefusal(status);

interface Rules {
  plain: Rule[];
  rest: Rule[];
  names: string[];
}

function rulesOf(terms: AnswerTerms, step: Step, below: (...path: string[]) => ReportFault): Rules {
  const possible = OUTCOMES[step];
  for (const outcome of ORDER) {
    const key = CONDITIONS[outcome];
    if (terms[key] !== undefined && !possible.includes(outcome))
      below(key)(
        [],
        `is not of answers to a ${step}; its conditions are ${possible.map((one) => CONDITIONS[one]).join(', ')}`,
      );
  }
  const yes = CONDITIONS[YES[step]];
  if (terms[yes] === undefined) below(yes)([], `is missing; the answer to a ${step} needs it`);
  const order = orderOf(terms.order, possible, below('order'));
  const rules = order.flatMap((outcome): Rule[] => {
    const key = CONDITIONS[outcome];
    const condition = terms[key];
    if (condition === undefined) return [];
    const compiled = compileCondition(condition, below(key));
    if (compiled.isRest && (outcome === 'accepted' || outcome === 'bid'))
      below(key)(['is'], 'is other, and a yes must be named; write the values that mean yes');
    return [{ outcome, ...compiled }];
  });
  return {
    plain: rules.filter(({ isRest }) => !isRest),
    rest: rules.filter(({ isRest }) => isRest),
    names: rules.map(({ outcome }) => CONDITIONS[outcome]),
  };
}

/** The outcomes that the protocol names go first, in its order; then the others in theirs. */
function orderOf(
  named: readonly Outcome[] | undefined,
  possible: readonly Outcome[],
  report: ReportFault,
): readonly Outcome[] {
  if (named === undefined) return ORDER.filter((outcome) => possible.includes(outcome));
  for (const [i, outcome] of named.entries()) {
    if (!possible.includes(outcome))
      report([i], `"${outcome}" is not an outcome here; they are ${possible.join(', ')}`);
  }
  return [...named, ...ORDER.filter((outcome) => possible.includes(outcome) && !named.includes(outcome))];
}

function compileCondition({ any, all, ...plain }: Condition, report: ReportFault): CompiledCondition {
  const kinds = [any && 'any', all && 'all', Object.keys(plain).length > 0 && 'a condition'].filter(Boolean);
  if (kinds.length > 1) report([], `has ${kinds.join(' and ')}; put all of it into one list`);
  const list = any ?? all;
  if (list === undefined) return compilePlainCondition(plain, report);
  const key = any === undefined ? 'all' : 'any';
  const compiled = list.map((one, i) =>
    compilePlainCondition(one, (path, message) => report([key, i, ...path], message)),
  );
  return {
    isRest: compiled.some(({ isRest }) => isRest),
    holds: (answer) =>
      key === 'any'
        ? compiled.some(({ holds }) => holds(answer))
        : compiled.every(({ holds }) => holds(answer)),
  };
}

function compileUnwrap(
  unwrap: AnswerTerms['unwrap'],
  report: ReportFault,
): (answer: SelectedAnswer) => SelectedAnswer['document'] {
  if (unwrap === undefined) return ({ document }) => document;
  const { as, ...selector } = unwrap;
  const select = compileSelector(selector, report);
  if (as === undefined) report(['as'], 'is missing; write json, xml or text');
  return (answer) => {
    const text = select(answer);
    if (text !== undefined) return readDocument(text, as ?? 'auto');
    return { kind: 'unreadable', expected: as === 'json' ? 'JSON' : 'XML', text: answer.document.text };
  };
}

type BidReader = (answer: SelectedAnswer, currency: string) => { bid: Minor } | { detail: string };

function compileBid(bid: BidSelector | undefined, report: ReportFault): BidReader {
  if (bid === undefined) {
    report([], 'is missing; the answer to a ping needs it');
    return () => ({ detail: 'there is no bid' });
  }
  const { unit, round, currency: named, ...selector } = bid;
  const select = compileSelector(selector, report);
  const currencyOf =
    named && compileSelector(named, (path, message) => report(['currency', ...path], message));
  return (answer, currency) => {
    const text = select(answer);
    if (text === undefined) return { detail: 'the answer says yes, but no amount was found for bid' };
    const said = currencyOf?.(answer);
    if (said !== undefined && said.toUpperCase() !== currency)
      return { detail: `the bid is not in ${currency}, the campaign’s currency` };
    const amount = unit === 'cents' ? wholeCents(text) : amountOf(text, currency, round);
    if (amount === undefined)
      return { detail: unit === 'cents' ? 'bid is not a whole number of cents' : noAmount(text, currency) };
    return amount > (toMinor(MOST_MONEY, currency) ?? Infinity)
      ? { detail: `bid is too large; the most is ${MOST_MONEY}` }
      : { bid: amount };
  };
}

const noAmount = (text: string, currency: string): string =>
  amountOf(text, currency, 'down') === undefined
    ? `bid is not an amount in ${currency}`
    : `bid has too many decimals; ${currency} has ${minorDigits(currency) || 'none'}; round: down cuts off the others`;

const wholeCents = (text: string): Minor | undefined => {
  const cents = /^(\d{1,15})(?:\.0+)?$/.exec(text)?.[1];
  return cents === undefined ? undefined : Number(cents);
};

const PLAIN_AMOUNT = /^\d{1,12}(?:\.\d{1,6})?$/;

/** More decimals than the currency has are cut off only if the protocol says so. */
function amountOf(text: string, currency: string, round: BidSelector['round']): Minor | undefined {
  const digits = minorDigits(currency);
  const decimals = digits === 0 ? /()\.\d+/ : new RegExp(`(\\.\\d{${digits}})\\d+`);
  const rounded = round === 'down' ? text.replace(decimals, '$1') : text;
  // Most bids are that; the general reading takes ten times as long.
  if (PLAIN_AMOUNT.test(rounded)) return toMinor(Number(rounded), currency);
  const { value } = readMoney(rounded, currency);
  return value === undefined ? undefined : toMinor(Number(value), currency);
}
