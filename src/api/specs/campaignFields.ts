import type { FieldDeclaration, FieldType } from '../../market/fields/declaration.js';
import { declarationOf } from '../../market/fields/declaration.js';
import type { FieldValue } from '../../market/fields/reading.js';
import { sampleValue } from '../../market/fields/sampleValue.js';
import { ADDRESSING, FIELDS, standardField } from '../../market/fields/standardFields.js';
import type { Campaign, Seller } from '../../market/model/market.js';

/** A campaign, and what its specs page says about who sells. */
export interface SpecTerms {
  campaign: Pick<
    Campaign,
    'id' | 'category' | 'currency' | 'redirects' | 'required' | 'fields' | 'sale' | 'stages' | 'pending'
  >;
  seller: Pick<Seller, 'code' | 'name' | 'slug'>;
  /** Fields that contracts name in filters, pings and checks. */
  asked: ReadonlySet<string>;
  /** Whether the campaign takes leads now. */
  isOpen: boolean;
  /** Whether it has a contract with a buyer. */
  hasBuyers: boolean;
}

/** A field of a campaign's leads, as a source reads about it. */
export interface CampaignField {
  name: string;
  required: boolean;
  /** Whether contracts name it. */
  asked: boolean;
  about: string;
  example: FieldValue;
  /** The values that a declared field can have; absent: any of its type. */
  values?: string[];
}

/** Reserved for fiction, and in the form of a real number, so that it is read: unlike 555-123-4567. */
const READABLE_PHONE = '214-555-0187';

/** What a declared type takes. */
const TYPES: Record<FieldType, string> = {
  boolean: '`yes` or `no`',
  number: 'A number',
  money: 'An amount',
  range: 'A number, or a range such as 5-10',
  date: 'A date, best as YYYY-MM-DD',
  birthDate: 'A date of birth, best as YYYY-MM-DD',
  list: 'One or several values',
  enum: 'One of the listed values',
};

/** The campaign's fields: seller and category, the required fields, the fields that buyers ask for, and the other standard fields. */
export function campaignFields({ campaign, seller, asked }: SpecTerms): CampaignField[] {
  const { required, fields: declared = {} } = campaign;
  const names = new Set([
    ...ADDRESSING,
    ...required,
    ...Object.keys(declared),
    ...asked,
    ...Object.keys(FIELDS),
  ]);
  const fixed: Record<string, string> = { seller: seller.code, category: campaign.category };
  return [...names].map((name) => {
    const declaration = declarationOf(declared, name);
    const standard = standardField(name);
    const value = Object.hasOwn(fixed, name) ? fixed[name] : undefined;
    return {
      name,
      required: value !== undefined || required.includes(name),
      asked: asked.has(name),
      about: aboutOf(declaration, standard?.about, value),
      example:
        value ??
        (name === 'phone' ? READABLE_PHONE : undefined) ??
        standard?.example ??
        sampleValue(declaration),
      values: value === undefined ? declaration?.values?.map((one) => one.value) : [value],
    };
  });
}

function aboutOf(
  declared: FieldDeclaration | undefined,
  standard: string | undefined,
  fixed: string | undefined,
): string {
  if (fixed !== undefined) return 'Always this value';
  if (declared === undefined) return standard ?? 'A text, or a list of texts';
  const label = declared.label === undefined ? '' : `${declared.label}. `;
  return label + TYPES[declared.type];
}

/** The fields of the example lead: the required ones, and what identifies person and place. */
const SHOWN = ['firstName', 'lastName', 'email', 'phone', 'state', 'zip', 'city'];

/** The ZIP code of a test lead that is always sold (src/market/model/sandbox.ts). */
export const SOLD_ZIP = '00001';

/** A lead of a fictional person with every field that the campaign requires. Sent with a test key, it is sold. */
export function exampleLead(terms: SpecTerms): Record<string, FieldValue> {
  const fields = campaignFields(terms).filter(
    ({ name, required, asked, values }) =>
      required || SHOWN.includes(name) || (values !== undefined && asked),
  );
  return Object.fromEntries(
    fields.map(({ name, example, values }) => [
      name,
      name === 'zip' && values === undefined ? SOLD_ZIP : example,
    ]),
  );
}
