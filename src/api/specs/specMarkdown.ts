import type { FieldValue } from '../../market/fields/reading.js';
import type { Sample } from '../docs/guide.js';
import { campaignFields, exampleLead, type CampaignField, type SpecTerms } from './campaignFields.js';
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
  /** Default limit of a key. */
  leadsPerMinute: number;
}

/** The specs of one campaign as Markdown: everything that a source's developer needs to send leads. */
export function specMarkdown(parts: GuideParts, { terms, origin, leadsPerMinute }: Options): string {
  const { campaign, seller, isOpen } = terms;
  const lead = exampleLead(terms);
  const samples = samplesFor(parts.samples, lead, origin).map(
    ({ lang, source }) => `\`\`\`${lang}\n${source}\n\`\`\``,
  );
  const guide = (text: string): string => text.replace(/\]\(#/g, `](${origin}/docs#`);
  return `# ${plain(seller.name)}: ${plain(campaign.category)} leads

${isOpen ? '' : `**At the moment this campaign takes no leads:** it is paused.\n\n`}Send each lead to \`POST ${origin}/api/leads\`. You learn in the same call whether it was sold, and its price in ${campaign.currency}. This page is generated from the campaign as it is now.

## Three steps

1. **Get two keys** from ${plain(seller.name)}: a test key (\`gvl_test_…\`) and a live key (\`gvl_live_…\`). Keep them on your server.
2. **Send a test lead** with [one of these examples](#send-a-lead) and your test key. With the ZIP code \`00001\` it is always sold; other ZIP codes [force every other outcome and error](#force-an-outcome).
3. **Go live:** send your real leads with the live key. Store \`lead_id\`, and use a new \`Idempotency-Key\` for each lead.

## Send a lead

Set \`GAVEL_KEY\` to your key.

${samples.join('\n\n')}

## Fields

Names can have any case and separators (\`first_name\`). Other fields are stored and sent to the buyer as they are.

${fieldTable(campaignFields(terms))}

## What comes back

${guide(parts.chapter('What comes back'))}

## Errors

${guide(parts.chapter('Errors'))}

## Limits

A key can send ${leadsPerMinute} leads a minute, unless it was given another limit. A body can have 64 KiB and a request 100 fields, with names of 64 and values of 10,000 characters. Above the rate limit the answer is \`429\` with \`Retry-After\`.

## Force an outcome

${guide(parts.chapter('Force an outcome'))}

## More

[The guide](${origin}/docs) describes [retries](${origin}/docs#sending-twice), [postbacks](${origin}/docs#postbacks), [forms in web pages](${origin}/docs#from-a-form-in-a-web-page) and [how values are read](${origin}/docs#how-values-are-read).
`;
}

function fieldTable(fields: readonly CampaignField[]): string {
  const rows = fields.map(({ name, required, about, example, values }) => {
    const allowed = values === undefined ? '' : `: ${values.map(code).join(', ')}`;
    return `| ${code(name)} | ${required ? 'yes' : ''} | ${cell(about)}${allowed} | ${shown(example)} |`;
  });
  return ['| field | required | value | example |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

const shown = (value: FieldValue): string => [value].flat().map(code).join(', ');

/** Code in a table's cell. A backtick would end it, and becomes an apostrophe. */
const code = (text: string): string =>
  `\`${text.replaceAll('`', '’').replaceAll('|', '\\|').replace(/\s+/g, ' ')}\``;
const cell = (text: string): string => text.replace(/[|[\]<>]/g, '\\$&').replace(/\s+/g, ' ');

/** Text of the market file, without the characters that mean something in Markdown or HTML. */
const plain = (text: string): string => text.replace(/[\\`*_{}[\]<>#|]/g, '\\$&');
