import {
  ADDRESSING,
  FIELDS,
  MISSING,
  standardField,
  textOf,
  type FieldFault,
  type LeadFields,
  type StandardField,
} from '../fields/standardFields.js';
import { readFullName } from '../fields/name.js';
import { declarationOf, type FieldDeclaration } from '../fields/declaration.js';
import { dialledDigits, phoneParts } from '../fields/phone.js';
import type { FieldValue, Reading } from '../fields/reading.js';
import { readTyped } from '../fields/readTyped.js';
import { cleanText, isNullLike } from '../fields/text.js';
import { isPlaceholder, personKeys } from '../fields/personKeys.js';
import { PLACEHOLDER_NOTE } from '../fields/placeholders.js';
import type { Campaign } from '../model/market.js';
import { FULL_NAME, meanings, type SourceTerms } from '../fields/aliases.js';
import { keptName } from '../fields/fieldNames.js';
import { problemOfKind, textsOf, type Given, type GivenValue } from './given.js';
import { missingProblem, nearlyStandard } from './hints.js';

/** The campaign's and the source's rules for a lead's fields. */
export interface IntakeTerms extends Pick<Campaign, 'fields'> {
  required: readonly string[];
  /** Names that contracts ask for (`askedFields`). */
  asked?: ReadonlySet<string>;
  /** Of declared amounts; absent: `USD`. */
  currency?: string;
  source?: SourceTerms;
  /** When the lead came, UTC ms; absent: now. */
  now?: number;
}

/** A request's fields, read. */
export interface LeadReading {
  lead: LeadFields;
  /** Why the lead is refused; empty if it is accepted. */
  faults: FieldFault[];
  /** Warnings for the source about a lead that is accepted. */
  warnings: FieldFault[];
}

/**
 * Reads the fields of a request (docs/decisions/normalised-values.md). A value with one meaning is stored in its normal
 * form. One that can't be read is stored as it was sent, and is a fault only if the campaign requires the field.
 */
export const readLead = (given: Given, terms: IntakeTerms): LeadReading =>
  new LeadReader(given, terms).read();

/** The seller and the category that a request names. */
export function readAddressing(
  given: Given,
  source: SourceTerms = {},
): { seller?: string; category?: string } {
  const meaningOf = meanings(source);
  const named = (field: string): string | undefined => {
    const names = [field, ...[...given.keys()].filter((name) => meaningOf(name)?.field === field)];
    return names.map((name) => textIn(given, name)).find((text) => text !== '');
  };
  return { seller: named('seller'), category: named('category') };
}

function textIn(given: Given, name: string): string {
  const value = given.get(name);
  return value?.kind === 'text' ? cleanText(value.text) : '';
}

/** A name of the request with the reading of its value. */
interface Candidate {
  name: string;
  reading: Reading;
}

class LeadReader {
  private readonly fields = new Map<string, FieldValue>();
  private readonly unread: string[] = [];
  private readonly sent = new Map<string, FieldValue>();
  private readonly notes = new Map<string, string>();
  private readonly faults: FieldFault[] = [];
  private readonly warnings: FieldFault[] = [];
  /** Names that usually stand for a field which was not sent, with values that the field can't have. */
  private readonly misfits = new Map<string, { field: string; reading: Reading }>();
  /** Names that stand for a field which was sent under another name too, with another value: why they are custom fields. */
  private readonly conflicts = new Map<string, string>();
  /** Why a full name was not split into its missing parts. */
  private unsplit: { field: string; why: string } | undefined;
  /** Names of the request that stand for a standard field. */
  private readonly used = new Set<string>();
  /** Names of the request by the field that they may stand for, the likeliest first. */
  private readonly aliases: ReadonlyMap<string, readonly string[]>;

  constructor(
    private readonly given: Given,
    private readonly terms: IntakeTerms,
  ) {
    this.aliases = this.findAliases();
  }

  read(): LeadReading {
    for (const field of ADDRESSING) this.checkAddress(field);
    for (const [field, standard] of Object.entries(FIELDS))
      if (!isAddressing(field)) this.readStandard(field, standard);
    this.splitFullName();
    for (const [name, value] of this.given) if (!this.used.has(name)) this.readCustom(name, value);
    const faults = [...this.missing(), ...this.faults];
    return { lead: this.lead(), faults, warnings: this.warnings };
  }

  private findAliases(): Map<string, string[]> {
    const meaningOf = meanings(this.terms.source ?? {});
    const found = [...this.given.keys()].flatMap((name) => {
      const meaning = standardField(name) ? undefined : meaningOf(name);
      return meaning === undefined ? [] : [{ name, ...meaning }];
    });
    const byField = new Map<string, string[]>();
    for (const { name, field } of found.toSorted((a, b) => a.rank - b.rank))
      byField.set(field, [...(byField.get(field) ?? []), name]);
    return byField;
  }

  private isRequired(name: string): boolean {
    return this.terms.required.includes(name);
  }

  /** Whether the campaign or a contract uses this name. */
  private isOfCampaign(name: string): boolean {
    const { fields, asked } = this.terms;
    return this.isRequired(name) || declarationOf(fields, name) !== undefined || asked?.has(name) === true;
  }

  /** The name is a standard field's; one that the campaign uses is a custom field as well. */
  private use(name: string): void {
    if (!this.isOfCampaign(name) || standardField(name) !== undefined) this.used.add(name);
  }

  private checkAddress(field: string): void {
    for (const name of [field, ...(this.aliases.get(field) ?? [])]) this.used.add(name);
    const own = this.given.get(field);
    const problem = own && problemOfKind(own);
    if (problem !== undefined) this.faults.push({ field, problem });
  }

  private readStandard(field: string, standard: StandardField): void {
    this.used.add(field);
    const own = this.given.get(field);
    const problem = own && problemOfKind(own);
    if (problem !== undefined) {
      this.faults.push({ field, problem });
      return;
    }
    const candidates = [field, ...(this.aliases.get(field) ?? [])].flatMap((name): Candidate[] => {
      const value = this.given.get(name);
      return value?.kind === 'text' ? [{ name, reading: standard.read(value.text, value) }] : [];
    });
    const sent = candidates.filter(({ reading }) => !isBlank(reading));
    const [first] = sent;
    if (first === undefined) return;
    // What can be read goes first. Otherwise another name counts only if its value fits, or if the lead would be refused
    // without it.
    const chosen =
      sent.find(({ reading }) => reading.value !== undefined) ??
      (first.name === field ? first : sent.find((each) => fits(field, each.reading))) ??
      (this.isRequired(field) ? first : undefined);
    if (chosen === undefined) {
      for (const { name, reading } of sent) this.misfits.set(name, { field, reading });
      return;
    }
    this.keepStandard(field, chosen);
    for (const other of sent)
      if (!isSameValue(field, other.reading, chosen.reading)) this.keepOther(field, other, chosen);
  }

  /** The value that a field has under another of its names, and that is not taken for it. */
  private keepOther(field: string, { name, reading }: Candidate, chosen: Candidate): void {
    const taken = cleanText(chosen.name);
    if (name !== field) {
      const problem =
        chosen.name === field
          ? `kept as a custom field; ${field} was sent with another value`
          : `kept as a custom field; ${field} was taken from ${taken}, which has another value`;
      this.conflicts.set(name, problem);
      return;
    }
    const kept = `${field} (unread)`;
    this.keepCustom(kept, cleanText(reading.original), reading.original);
    const why = reading.note?.replace(/; kept as sent$/, '') ?? 'unreadable';
    this.warnings.push({
      field,
      problem: `${why}; taken from ${taken}, and kept as the custom field "${kept}"`,
    });
  }

  private keepStandard(field: string, { name, reading }: Candidate): void {
    const { value, original, note } = reading;
    this.use(name);
    if (name !== field) this.note(field, `sent as ${cleanText(name)}`);
    if (note !== undefined) this.note(field, note);
    if (value === undefined) {
      this.unread.push(field);
      this.keep(field, cleanText(original), original);
      if (this.isRequired(field) && !fits(field, reading)) {
        this.faults.push({ field, problem: refusal(field, note) });
        return;
      }
    } else if (field === 'phone') {
      const { e164, extension } = phoneParts(value);
      this.keep(field, e164, original);
      if (extension !== undefined) this.fields.set('phoneExtension', extension);
    } else this.keep(field, value, original);
    if (note !== undefined && !isFictionalPhone(field, reading)) this.warnings.push({ field, problem: note });
  }

  /** A name in one text counts for the parts that were not sent, if the part that was sent agrees with it. */
  private splitFullName(): void {
    for (const name of this.aliases.get(FULL_NAME) ?? []) {
      const value = this.given.get(name);
      if (value?.kind !== 'text') continue;
      const written = cleanText(name);
      if (value.text.length > LONGEST_NAME) {
        const field = this.isLacking('firstName') ? 'firstName' : 'lastName';
        this.unsplit ??= {
          field,
          why: `${written} is longer than ${LONGEST_NAME} characters and was not split`,
        };
        continue;
      }
      const names = readFullName(value.text).value;
      if (names === undefined) continue;
      const { first, last } = names;
      const takesFirst = this.isLacking('firstName') && this.agrees('lastName', last);
      const takesLast = this.isLacking('lastName') && this.agrees('firstName', first);
      if (takesFirst) this.keepPart('firstName', first, { name, text: value.text });
      if (takesLast && last !== undefined) this.keepPart('lastName', last, { name, text: value.text });
      else if (takesLast) this.unsplit ??= { field: 'lastName', why: `${written} has no last name` };
      if (takesFirst || takesLast) return;
      const [lacking, other] = this.isLacking('lastName')
        ? ['lastName', 'firstName']
        : ['firstName', 'lastName'];
      this.unsplit ??= {
        field: lacking,
        why: `${written} was not split, because it does not agree with ${other}`,
      };
    }
  }

  private isLacking(field: string): boolean {
    return !this.fields.has(field) && this.given.get(field)?.kind !== 'list';
  }

  /** Whether a field is absent or has this value; a name without a surname agrees with any. */
  private agrees(field: string, part: string | undefined): boolean {
    const own = this.fields.get(field);
    return own === undefined || part === undefined || String(own).toLowerCase() === part.toLowerCase();
  }

  private keepPart(field: string, part: string, { name, text }: { name: string; text: string }): void {
    this.use(name);
    this.keep(field, part, text);
    this.note(field, `part of ${cleanText(name)}`);
  }

  private readCustom(sentName: string, value: GivenValue): void {
    const alias = this.customAlias(sentName);
    const name =
      alias ?? keptName(sentName, (one) => this.given.has(one) || standardField(one) !== undefined);
    const declaration = declarationOf(this.terms.fields, name);
    if (declaration) this.keepDeclared(name, declaration, value);
    else this.keepUndeclared(sentName, name, value);
    if (alias !== undefined && this.fields.has(name)) this.note(name, `sent as ${cleanText(sentName)}`);
  }

  /** The custom field that the source's aliases make of a name. */
  private customAlias(sentName: string): string | undefined {
    for (const [field, [likeliest]] of this.aliases) {
      const isCustom = standardField(field) === undefined && field !== FULL_NAME;
      if (isCustom && likeliest === sentName && !this.given.has(field)) return field;
    }
    return undefined;
  }

  private keepUndeclared(sentName: string, name: string, value: GivenValue): void {
    switch (value.kind) {
      case 'text': {
        const text = this.customText(name, value.text);
        if (text === undefined) return;
        this.keepCustom(name, text, value.text);
        break;
      }
      case 'list': {
        const texts = value.texts.flatMap((text) => this.customText(name, text) ?? []);
        const [only, ...more] = [...new Set(texts)];
        if (only === undefined) return;
        // A name that was given twice with the same value has that value; a list stays a list.
        this.keepCustom(name, value.repeated && more.length === 0 ? only : [only, ...more], value.texts);
        break;
      }
      case 'object':
        this.keepCustom(name, cleanText(value.json), value.json);
        this.note(name, AN_OBJECT);
        this.warnings.push({ field: name, problem: AN_OBJECT });
    }
    if (!this.isOfCampaign(name)) this.warnOfCustom(sentName, name);
  }

  /** Says of a custom field which standard field it may have been meant to be. */
  private warnOfCustom(sentName: string, name: string): void {
    const conflict = this.conflicts.get(sentName);
    if (conflict !== undefined) {
      this.warnings.push({ field: name, problem: conflict });
      return;
    }
    const misfit = this.misfits.get(sentName);
    const meant = misfit?.field ?? nearlyStandard(name);
    if (meant === undefined || this.fields.has(meant)) return;
    const problem = misfit
      ? `kept as a custom field; as ${meant} it is ${refusal(meant, misfit.reading.note)}`
      : `kept as a custom field; did you mean ${meant}?`;
    this.warnings.push({ field: name, problem });
  }

  private keepDeclared(name: string, declaration: FieldDeclaration, given: GivenValue): void {
    const original = textsOf(given);
    const { currency = 'USD', now = Date.now() } = this.terms;
    const { value, note } = readTyped(declaration, original, { currency, now });
    if (value === undefined && note === undefined) return;
    this.keep(name, value ?? cleaned(original), original);
    if (note === undefined) return;
    this.note(name, note);
    if (value === undefined) this.unread.push(name);
    if (value === undefined && this.isRequired(name))
      this.faults.push({ field: name, problem: refusal(name, note) });
    else this.warnings.push({ field: name, problem: note });
  }

  /** Undefined if it is blank. A required field may have the answer "none", but not a program's word for nothing. */
  private customText(name: string, sent: string): string | undefined {
    const text = cleanText(sent);
    if (text === '') return undefined;
    return isNullLike(text) && !(this.isRequired(name) && SAYS_NONE.test(text)) ? undefined : text;
  }

  /** Two names that are kept as one have the values of both. */
  private keepCustom(name: string, value: FieldValue, original: FieldValue): void {
    const before = this.fields.get(name);
    if (before === undefined) this.keep(name, value, original);
    else this.fields.set(name, [...new Set([before, value].flat())]);
  }

  private keep(name: string, value: FieldValue, original: FieldValue): void {
    this.fields.set(name, value);
    if (!isSame(value, original)) this.sent.set(name, original);
  }

  private note(name: string, note: string): void {
    const before = this.notes.get(name);
    this.notes.set(name, before === undefined ? note : `${before}; ${note}`);
  }

  private missing(): FieldFault[] {
    const addressing = readAddressing(this.given, this.terms.source);
    const faulty = new Set(this.faults.map(({ field }) => field));
    const absent = [
      ...ADDRESSING.filter((field) => addressing[field] === undefined),
      ...this.terms.required.filter((field) => !this.fields.has(keptName(field))),
    ].filter((field) => !faulty.has(field));
    const wholeNames = this.aliases.get(FULL_NAME) ?? [];
    const others = new Map(
      [...this.given].filter(
        ([name]) => !this.used.has(name) && !this.isOfCampaign(name) && !wholeNames.includes(name),
      ),
    );
    return [...new Set(absent)].map((field) => ({
      field,
      problem:
        field === this.unsplit?.field
          ? `${MISSING}; ${this.unsplit.why}: send firstName and lastName`
          : missingProblem(field, others),
    }));
  }

  private lead(): LeadFields {
    const fields = Object.fromEntries(this.fields);
    for (const name of ['phone', 'email'])
      if (isPlaceholder({ [name]: textOf(fields, name) })) this.note(name, PLACEHOLDER_NOTE);
    const readText = (name: string): string | undefined => {
      const value = this.unread.includes(name) ? undefined : this.fields.get(name);
      return typeof value === 'string' ? value : undefined;
    };
    return {
      fields,
      unread: this.unread.length === 0 ? undefined : this.unread,
      sent: this.sent.size === 0 ? undefined : Object.fromEntries(this.sent),
      notes: this.notes.size === 0 ? undefined : Object.fromEntries(this.notes),
      state: readText('state'),
      phoneE164: readText('phone'),
    };
  }
}

/** Nobody's name is longer, and taking a text apart takes time. */
const LONGEST_NAME = 500;

const AN_OBJECT = 'an object; kept as its JSON text';

/** A person's answer rather than a program's word for nothing. */
const SAYS_NONE = /^(?:none|nil|n\/?a|n\.a\.?|not applicable|-+)$/i;

const cleaned = (value: FieldValue): FieldValue =>
  typeof value === 'string' ? cleanText(value) : value.map(cleanText);

const isAddressing = (field: string): boolean => ADDRESSING.some((always) => always === field);

const isBlank = ({ value, note }: Reading): boolean => value === undefined && note === undefined;

/** Whether the value can be the field's: it is readable, or a person can call it. */
const fits = (field: string, { value, original }: Reading): boolean =>
  value !== undefined || (field === 'phone' && hasPhoneDigits(original));

/** A local number has 7 digits, and E.164 allows 15. */
function hasPhoneDigits(sent: string): boolean {
  const digits = sent.normalize('NFKC').replace(/\D/g, '').length;
  return digits >= 7 && digits <= 15;
}

/** A fictional number, with 555 as or after its area code, such as the documented one: it can't be corrected. */
const isFictionalPhone = (field: string, { value, original }: Reading): boolean =>
  field === 'phone' &&
  value === undefined &&
  /^1?(?:555[1-9]\d{6}|[2-9]\d{2}555\d{4})$/.test(dialledDigits(original) ?? '');

/** Whether two readings of a field mean the same; an extension alone makes no other phone number. */
const isSameValue = (field: string, one: Reading, other: Reading): boolean =>
  meaningOf(field, one) === meaningOf(field, other);

const meaningOf = (field: string, { value, original }: Reading): string =>
  (field === 'phone' ? personKeys({ phone: original }).phone : value) ?? cleanText(original);

const refusal = (field: string, note = ''): string =>
  field === 'phone' ? 'not a phone number of 7 to 15 digits' : note.replace(/; kept as sent$/, '');

const isSame = (value: FieldValue, original: FieldValue): boolean =>
  typeof value === 'string' && typeof original === 'string'
    ? value === original.trim()
    : JSON.stringify(value) === JSON.stringify(original);
