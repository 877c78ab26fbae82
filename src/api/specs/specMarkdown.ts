import { formatDuration } from '../../market/calendar/duration.js';
import type { Sample } from '../docs/guide.js';
import { anchorOf } from '../docs/html.js';
import { EXAMPLE_ORIGIN } from '../docs/page.js';
import {
  campaignFields,
  exampleLead,
  SOLD_ZIP,
  type CampaignField,
  type SpecTerms,
} from './campaignFields.js';
import { samplesFor } from './specSamples.js';

/** Parts of docs/source.md that are the same for all campaigns, as Markdown. */
export interface GuideParts {
  samples: readonly Sample[];
  /** The chapter with this heading, without the heading. */
  chapter(heading: string): string;
}

interface Options {
  terms: SpecTerms;
  /** The base URL of the API. */
  origin: string;
  /** The address of the page. */
  page: string;
  /** Default limit of a key. */
  leadsPerMinute: number;
  /** How long the API waits for a sale before it answers, ms. */
  answerWindowMs: number;
}

/** Chapters of the guide that are on the page, so that links to them stay on it. */
const CHAPTERS = ['Ask later', 'Errors', 'Force an outcome', 'Fields', 'What comes back'];

/** The specs of one campaign as Markdown: everything that a source's developer needs to send leads. */
export function specMarkdown(parts: GuideParts, options: Options): string {
  const { terms, origin, page, leadsPerMinute } = options;
  const { campaign, isOpen, hasBuyers } = terms;
  const seller = plain(terms.seller.name);
  const samples = samplesFor(parts.samples, exampleLead(terms), origin).map(
    ({ lang, source }) => `\`\`\`${lang}\n${source}\n\`\`\``,
  );
  const docs = `${origin}/docs`;
  const own = new Set(CHAPTERS.map(anchorOf));
  const chapter = (heading: string): string =>
    parts
      .chapter(heading)
      .replaceAll(EXAMPLE_ORIGIN, () => origin)
      .replace(/\]\(#([\w-]+)\)/g, (link, anchor: string) =>
        own.has(anchor) ? link : `](${docs}#${anchor})`,
      );
  return `# ${seller}: ${plain(campaign.category)} leads

${isOpen ? '' : `**At the moment this campaign takes no leads:** it is paused.\n\n`}Send each lead to \`POST ${origin}/api/leads\`. This exchange offers it to buyers for ${seller}, the seller, and answers in the same call whether it was sold.

## Three steps

1. **Get two keys** from ${seller}: a test key (\`gvl_test_…\`) and a live key (\`gvl_live_…\`). Keep them on your server. A browser can't call the API, because anyone could read the key.
2. **Send a test lead** with [one of these examples](#send-a-lead) and your test key. Its ZIP code \`${SOLD_ZIP}\` makes it \`sold\`; [other ZIP codes](#force-an-outcome) force other outcomes and errors.
3. **Go live:** send your real leads with the live key. Store \`lead_id\`, and use a new \`Idempotency-Key\` for each lead.

## Send a lead

Put your key into the environment: \`export GAVEL_KEY=gvl_test_…\`

${samples.join('\n\n')}

## From a form builder

Use its webhook or HTTP request, or that of Zapier or Make:

| setting | value |
| --- | --- |
| URL | \`${origin}/api/leads\` |
| method | \`POST\` |
| header | \`Authorization\`: \`Bearer KEY\`, with your key |
| body | JSON or a form, not nested |
| fields | \`seller\`: \`${terms.seller.code}\`, \`category\`: ${code(campaign.category)}, and the [fields](#fields) below |

Usual names and labels are understood, such as \`fname\`, \`zip_code\` and \`Best phone number *\`. If your tool can't set a header, or sends nested data, ask ${seller} for an address of your own. It reads what Typeform, Jotform, Gravity Forms, Elementor, Webflow, HubSpot, Unbounce, Google Ads, Meta, TikTok and others send.

## Fields

Names can have any case and separators (\`first_name\`). Other fields are stored and sent to the buyer as they are.

${fieldTables(campaignFields(terms))}

## What comes back

${answers(options)}

## Ask later

${chapter('Ask later')}

## Errors

${chapter('Errors')}

## Limits

A key can send ${leadsPerMinute} leads a minute, unless it was given another limit. A body is JSON, \`application/x-www-form-urlencoded\` or \`multipart/form-data\`. It can have 64 KiB and 100 fields, with names of 64 and values of 10,000 characters. Above the rate limit the answer is \`429\` with \`Retry-After\`.

## Force an outcome

${hasBuyers ? '' : '**This campaign has no buyer yet,** so that no lead is sold, not even with these ZIP codes.\n\n'}${chapter('Force an outcome')}

## More

| to | send |
| --- | --- |
| [take a lead off sale](${docs}#take-it-back) | \`POST /api/leads/LEAD_ID/withdraw\` |
| [send up to 1,000 leads](${docs}#many-leads-at-once) | \`POST /api/leads/batch\` |
| [ask for the price first](${docs}#ask-for-the-price-first), without the person's data | \`POST /api/pings\` |
| [get the answer sooner](${docs}#wait-less) | the header \`Prefer: wait=2\` |

[The guide](${docs}) also describes [retries](${docs}#sending-twice), [postbacks](${docs}#postbacks), [forms in web pages](${docs}#from-a-form-in-a-web-page) and [how values are read](${docs}#how-values-are-read). For help, ask ${seller}, and name the \`lead_id\` or \`request_id\`.

The [current state of this page](${page}) is also there as [Markdown](${page}/spec.md) and as [OpenAPI document](${page}/openapi.json).
`;
}

/** What this campaign's leads are answered. */
function answers({ terms: { campaign, seller }, answerWindowMs }: Options): string {
  const { currency, redirects, sale, stages = [], pending } = campaign;
  const limit = inWords(pending.expireAfter);
  const buyers = Math.max(...[sale, ...stages].map(({ maxBuyers }) => maxBuyers));
  const sold =
    buyers > 1
      ? `Bought by up to ${buyers} buyers. \`price\` is the sum that ${plain(seller.name)} earns`
      : `Bought. \`price\` is what ${plain(seller.name)} earns`;
  const answer = {
    success: true,
    lead_id: '019a…',
    status: 'sold',
    price: 45,
    buyer_ids: ['northwind'],
    redirect_url: redirects === true ? 'https://buyer.example/thanks' : undefined,
    warnings: [{ field: 'zip', problem: 'not a ZIP code of 5 or 9 digits; kept as sent' }],
  };
  const redirect = `\`redirect_url\` is the address to send the person to now, if the buyer asks for it. `;
  return `The answer comes when the lead is sold, or after ${inWords(answerWindowMs)}. \`200\` means that the lead was accepted, and \`status\` is the result:

\`\`\`json
${JSON.stringify(answer, null, 2)}
\`\`\`

| \`status\` | means |
| --- | --- |
| \`sold\` | ${sold}, in ${currency}. What you are paid is between you and ${plain(seller.name)}. \`buyer_ids\` has one id for each sale |
| \`pending\` | Not sold yet, and not billable. The lead is offered again for up to ${limit}. You get the result when you [ask later](#ask-later) |
| \`withdrawn\` | Taken off sale, for example because the person is on a list of persons whose leads must not be sold (\`reason\` is \`suppressed\`). It earns nothing. Don't send it again |
| \`expired\` | When you ask later: not sold within ${limit} |
| \`returned\` | When you ask later: given back by every buyer. \`price\` is the rest of the earnings, usually 0 |

${redirects === true ? redirect : ''}\`warnings\` lists fields that are not required and could not be read, so that you can correct your form. It is absent if there are none.`;
}

const UNITS: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day' };

/** `72 hours` */
function inWords(ms: number): string {
  const [, count = '', unit = ''] = /^([\d.]+)(\w)$/.exec(formatDuration(ms)) ?? [];
  return `${count} ${UNITS[unit] ?? unit}${count === '1' ? '' : 's'}`;
}

function fieldTables(fields: readonly CampaignField[]): string {
  const isOther = ({ required, asked }: CampaignField): boolean => !required && !asked;
  const groups: [heading: string, CampaignField[]][] = [
    ['Required', fields.filter(({ required }) => required)],
    ['Used by buyers: send the ones you have', fields.filter(({ required, asked }) => asked && !required)],
    ['Optional', fields.filter(isOther)],
  ];
  return groups
    .filter(([, group]) => group.length > 0)
    .map(([heading, group]) => `### ${heading}\n\n${fieldTable(group)}`)
    .join('\n\n');
}

function fieldTable(fields: readonly CampaignField[]): string {
  const rows = fields.map(({ name, about, example, values }) => {
    return `| ${code(name)} | ${cell(about)}${shown(about, values, [example].flat())} |`;
  });
  return ['| field | value, with an example |', '| --- | --- |', ...rows].join('\n');
}

/** The allowed values, or an example that the description does not have. */
function shown(about: string, values: string[] | undefined, example: string[]): string {
  if (values !== undefined) return `: ${values.map(code).join(', ')}`;
  return example.every((one) => about.includes(code(one))) ? '' : ` (${example.map(code).join(', ')})`;
}

/** Code in a table's cell. A backtick would end it, and becomes an apostrophe. */
const code = (text: string): string =>
  `\`${text.replaceAll('`', '’').replaceAll('|', '\\|').replace(/\s+/g, ' ')}\``;
const cell = (text: string): string => text.replace(/[|[\]<>]/g, '\\$&').replace(/\s+/g, ' ');

/** Text of the market file, without the characters that mean something in Markdown or HTML. */
const plain = (text: string): string => text.replace(/[\\`*_{}[\]<>#|]/g, '\\$&');
