import { FIELDS } from './standardFields.js';
import { foldedName } from './fieldNames.js';
import { labelledNames, type LabelledName } from './labels.js';

/** How one source names its fields. */
export interface SourceTerms {
  /** Names that the source sends, each with the field that it means. */
  aliases?: readonly { name: string; field: string }[];
  /** Whether the usual names (`DEFAULT_ALIASES`) apply; default true. */
  defaults?: boolean;
}

/** Not a field: a name in one text, which is split into `firstName` and `lastName`. */
export const FULL_NAME = 'fullName';

/**
 * The usual names of the documented fields, the likeliest first, as form builders, ad platforms and lead exchanges
 * write them. Separators between words do not matter: `first_name` also matches `FirstName`, `first-name` and `FIRST
 * NAME`. Ambiguous names are left out: `address`, `source`, `lead_id`, `click_id`, `referrer`, `tcpa`.
 */
export const DEFAULT_ALIASES: Readonly<Record<string, readonly string[]>> = {
  firstName: [
    ...['first_name', 'fname', 'first', 'given_name', 'forename', 'name_first', 'your_first_name'],
    ...['contact_first_name', 'customer_first_name', 'applicant_first_name', 'user_first_name'],
  ],
  lastName: [
    ...['last_name', 'lname', 'last', 'family_name', 'surname', 'name_last', 'your_last_name'],
    ...['contact_last_name', 'customer_last_name', 'applicant_last_name', 'user_last_name'],
  ],
  [FULL_NAME]: [
    ...['full_name', 'name', 'your_name', 'contact_name', 'customer_name', 'applicant_name', 'lead_name'],
    ...['first_and_last_name', 'first_last_name', 'name_full', 'your_full_name', 'name_first_and_last'],
    ...['full_legal_name', 'legal_name', 'contact_full_name', 'customer_full_name', 'applicant_full_name'],
  ],
  phone: [
    ...['phone_number', 'primary_phone', 'primary_phone_number', 'phone_1', 'mobile', 'mobile_phone'],
    ...['mobile_number', 'mobile_phone_number', 'cell', 'cell_phone', 'cell_number', 'cell_phone_number'],
    ...['tel', 'telephone', 'telephone_number', 'tel_no', 'phone_no', 'contact_phone', 'contact_number'],
    ...['contact_phone_number', 'your_phone', 'your_phone_number', 'your_tel', 'user_phone', 'phone_home'],
    ...['home_phone', 'home_phone_number', 'day_phone', 'daytime_phone', 'daytime_phone_number'],
    ...['evening_phone', 'work_phone', 'work_phone_number', 'phone_mobile', 'phone_cell', 'phone_primary'],
    ...['mobile_no', 'cell_no', 'contact_no', 'telephone_no', 'callback_number', 'phone_work'],
  ],
  phoneExtension: ['ext', 'extension', 'phone_ext'],
  state: [
    ...['state_code', 'state_abbr', 'state_abbreviation', 'us_state', 'state_province', 'state_region'],
    ...['state_or_province', 'address_state', 'address_state_province', 'home_state', 'property_state'],
    ...['residence_state', 'mailing_state', 'your_state', 'user_state', 'region', 'region_code', 'province'],
    ...['state_region_province', 'state_province_region', 'province_state', 'region_state'],
    'st',
  ],
  email: [
    ...['email_address', 'email_addr', 'your_email', 'your_email_address', 'user_email', 'primary_email'],
    ...['contact_email', 'customer_email', 'email_1', 'personal_email', 'home_email', 'work_email', 'mail'],
  ],
  zip: [
    ...['zip_code', 'postal_code', 'postcode', 'zip5', 'us_zip', 'zip_postal_code', 'zip_postal', 'postal'],
    ...['zip_or_postal_code', 'address_zip', 'address_zip_code', 'address_zip_postal_code', 'home_zip'],
    ...['address_postal_code', 'property_zip', 'property_zip_code', 'mailing_zip', 'your_zip', 'user_zip'],
    ...[
      'zip_post_code',
      'postal_zip',
      'postal_zip_code',
      'postal_code_zip',
      '5_digit_zip',
      '5_digit_zip_code',
    ],
  ],
  city: [
    ...['city_name', 'town', 'city_town', 'address_city', 'home_city', 'property_city', 'mailing_city'],
    ...['your_city', 'user_city', 'locality', 'town_city'],
  ],
  subId: ['sub_id_1', 'sub_1', 's1', 'aff_sub', 'aff_sub_1'],
  subId2: ['sub_2', 's2', 'aff_sub_2'],
  subId3: ['sub_3', 's3', 'aff_sub_3'],
  subId4: ['sub_4', 's4', 'aff_sub_4'],
  subId5: ['sub_5', 's5', 'aff_sub_5'],
  landingPage: [
    ...['landing_page_url', 'landing_url', 'lp_url', 'page_url', 'source_url', 'form_url', 'optin_url'],
    ...['website_url', 'site_url', 'url', 'page'],
  ],
  ip: [
    ...['ip_address', 'ip_addr', 'user_ip', 'user_ip_address', 'client_ip', 'client_ip_address', 'remote_ip'],
    ...['remote_addr', 'visitor_ip', 'lead_ip', 'lead_ip_address', 'consumer_ip', 'optin_ip'],
  ],
  userAgent: ['browser_user_agent', 'http_user_agent', 'client_user_agent', 'ua'],
  tcpaText: [
    ...['tcpa_language', 'tcpa_consent_text', 'tcpa_consent_language', 'tcpa_disclosure', 'tcpa_disclaimer'],
    ...['consent_text', 'consent_language'],
  ],
  consentAt: [
    ...['consent_time', 'consent_timestamp', 'consent_date', 'consent_date_time', 'tcpa_timestamp'],
    ...[
      'tcpa_consent_timestamp',
      'optin_time',
      'optin_timestamp',
      'optin_date',
      'optin_date_time',
      'optin_at',
    ],
  ],
  trustedFormCertUrl: [
    ...['xx_trusted_form_cert_url', 'trusted_form', 'trusted_form_url', 'trusted_form_cert'],
    ...['trusted_form_certificate', 'trusted_form_certificate_url', 'cert_url', 'xx_trusted_form_token'],
  ],
  jornayaLeadId: ['universal_lead_id', 'leadid_token', 'jornaya_id', 'jornaya_token', 'jornaya'],
};

export interface Meaning {
  field: string;
  /** If several names stand for one field, the lowest rank wins. */
  rank: number;
}

/** All usual names of a field, its own first. */
export const namesOf = (field: string): string[] => [field, ...(DEFAULT_ALIASES[field] ?? [])];

/** By folded name. */
const usualNames: ReadonlyMap<string, Meaning> = new Map(
  [...Object.keys(FIELDS), FULL_NAME].flatMap((field) =>
    namesOf(field).map((name, rank): [string, Meaning] => [foldedName(name), { field, rank: rank + 1 }]),
  ),
);

/** A form's group around a person's fields: `lead[first_name]`, or `contact__first_name` as Zapier writes it. */
const GROUP =
  /^(?:lead|contact|user|customer|person|applicant|form|fields|form_fields|data)(?:\[([^[\]]+)\]|__([^_].*))$/i;

/** The field that a name means to a source; undefined for a name of its own. */
export type Meanings = (name: string) => Meaning | undefined;

/** The fields that forms ask a person for; only their names are looked for within labels. */
const ASKED = new Set(['firstName', 'lastName', FULL_NAME, 'phone', 'email', 'zip', 'state', 'city']);

/** Names that mean something else within a longer label: `Your first`, `SSN last 4`. */
const ONLY_ALONE = new Set(['first', 'last', 'st', 'mail']);

/** Whatever a label says goes behind the names that are exact. */
const LABEL_RANK = 1000;
const NUMBERED_RANK = 2000;

interface MeaningOptions {
  /** Whether a name with a number that a form builder added (`Phone 2`, `tel-463`) means the name without it. */
  numbered?: boolean;
}

/** A source's own aliases go before the usual names; one that names itself is a custom field. */
export function meanings(
  { aliases = [], defaults = true }: SourceTerms,
  options: MeaningOptions = {},
): Meanings {
  const own = new Map(
    aliases.flatMap(({ name, field }) =>
      [name, foldedName(name)].map((spelling): [string, Meaning] => [spelling, { field, rank: 0 }]),
    ),
  );
  return (name) => {
    const meant = own.get(name) ?? own.get(foldedName(name));
    if (meant !== undefined || !defaults) return meant;
    const inGroup = GROUP.exec(name);
    const bare = inGroup?.[1] ?? inGroup?.[2] ?? name;
    return usualNames.get(foldedName(bare)) ?? meaningOfLabel(bare, options);
  };
}

/** What a label of a form asks for (`What’s your ZIP code?`), if it asks for one thing. */
function meaningOfLabel(name: string, { numbered = false }: MeaningOptions): Meaning | undefined {
  const found = labelledNames(name).flatMap((label) => {
    const known = askedFor(label);
    if (known !== undefined) return [{ field: known.field, rank: LABEL_RANK + known.rank }];
    const unnumbered = (text: string): string => text.replace(/(?<=.) ?\d{1,4}$/, '');
    const meant = numbered
      ? askedFor({ text: unnumbered(label.text), unqualified: unnumbered(label.unqualified) })
      : undefined;
    return meant === undefined ? [] : [{ field: meant.field, rank: NUMBERED_RANK + meant.rank }];
  });
  const [first] = found;
  return found.every(({ field }) => field === first?.field) ? first : undefined;
}

function askedFor({ text, unqualified }: LabelledName): Meaning | undefined {
  const folded = [text, unqualified].map(foldedName);
  // A preferred name is no whole one.
  const known = folded.find((name, i) => usualNames.has(name) && (i === 0 || name !== 'name')) ?? '';
  const meaning = ONLY_ALONE.has(known) ? undefined : usualNames.get(known);
  return meaning !== undefined && ASKED.has(meaning.field) ? meaning : undefined;
}
