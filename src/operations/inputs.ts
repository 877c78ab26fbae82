import Type from 'typebox';
import { parseIsoTime } from '../market/calendar/isoTime.js';

/*
 * Inputs that several operations share. As in a market file, faults are worded from `title` ("… is not") and the example
 * ("write it like").
 */

/** Page size limit of leads, keys, bookings and audit entries. */
export const MAX_PAGE_SIZE = 10_000;

export const LeadId = Type.String({
  title: 'a lead_id',
  examples: ['019aaf5e-7c1d-7000-8000-000000000000'],
  minLength: 1,
  maxLength: 64,
});

export const PageSize = (usual: number) =>
  Type.Integer({
    title: `a whole number from 1 to ${MAX_PAGE_SIZE}`,
    examples: [usual],
    minimum: 1,
    maximum: MAX_PAGE_SIZE,
    description: `Page size; ${usual} by default`,
  });

export const Limit = PageSize(50);

export const ObjectId = (description: string) =>
  Type.String({
    title: 'an id',
    examples: ['ACME1234/auto-insurance/northwind'],
    maxLength: 300,
    description,
  });

export const Flag = (description: string) =>
  Type.Boolean({ title: 'true or false', examples: [true], description });

export const DateOrTime = (description: string) =>
  Type.Refine(
    Type.String({ title: 'a date or a time (ISO 8601)', examples: ['2026-11-24T14:30:00Z'], description }),
    (text) => parseIsoTime(text) !== undefined,
  );

export const Day = (description: string) =>
  Type.Refine(
    Type.String({ title: 'a day', examples: ['2026-11-24'], description }),
    (text) => text.length === 10 && parseIsoTime(text) !== undefined,
  );

export const SellerName = Type.String({
  title: 'a seller’s code or slug',
  examples: ['ACME1234'],
  minLength: 1,
  maxLength: 64,
  description: 'A seller’s code or slug',
});

export const BuyerName = Type.String({
  title: 'a buyer’s id',
  examples: ['northwind'],
  minLength: 1,
  maxLength: 64,
  description: 'A buyer’s id',
});

export const CategoryName = Type.String({
  title: 'a category',
  examples: ['auto-insurance'],
  minLength: 1,
  maxLength: 100,
  description: 'The category, as in the campaign’s id or in the market file',
});

export const CampaignId = Type.String({
  title: 'a campaign’s id',
  examples: ['ACME1234/auto-insurance'],
  minLength: 1,
  maxLength: 128,
  description: 'A campaign’s id: the seller’s code or slug, and the category',
});

/** Checked by src/market/fields/standardFields.ts, whose messages never repeat it. */
export const Contact = (title: string) => Type.String({ title, maxLength: 320, description: title });

export function dateOf(text: string): Date {
  const at = parseIsoTime(text);
  if (at === undefined) throw new Error('An invalid date has passed validation');
  return at;
}
