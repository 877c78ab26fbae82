import type { Protocol } from '../../model/protocol.js';

/** A form, answered by a line of fields between bars. */
export const formPipe: Protocol = {
  ping: {
    request: {
      form: {
        key: '{{ secret.KEY }}',
        zip: '{{ lead.zip | zip5 }}',
        state: '{{ lead.state }}',
        subcat: '{{ lead.subcategory }}',
      },
    },
    answer: {
      reads: 'text',
      bid: { re: '^success\\s*\\|[^|]*\\|\\s*([^|]*\\d[^|]*)' },
      id: { re: '^success\\s*\\|([^|]+)\\|' },
      bidWhen: { re: '^(success)\\s*\\|', is: ['success'] },
      noBidWhen: { re: '^(fail(?:ed|ure)?|reject\\w*|declined|denied|dup\\w*|no)\\b', is: 'any' },
      reason: { re: '^(?:fail(?:ed|ure)?|reject\\w*|declined|denied)\\s*\\|([^|]*)' },
    },
  },
  post: {
    request: {
      form: {
        key: '{{ secret.KEY }}',
        lead_id: '{{ ping.id }}',
        first: '{{ lead.firstName }}',
        last: '{{ lead.lastName }}',
        phone: '{{ lead.phone | phone: national }}',
        email: '{{ lead.email }}',
        zip: '{{ lead.zip | zip5 }}',
      },
    },
    answer: {
      reads: 'text',
      acceptedWhen: { re: '^(success|accepted)\\s*[.!]?\\s*(?:\\||$)', is: 'any' },
      duplicateWhen: {
        re: '^(?:(?:fail(?:ed|ure)?|reject\\w*|declined|denied)\\s*\\|\\s*)?(dup\\w*)',
        is: 'any',
      },
      refusedWhen: { re: '^(fail(?:ed|ure)?|reject\\w*|declined|denied)\\b', is: 'any' },
      reason: { re: '^(?:fail(?:ed|ure)?|reject\\w*|declined|denied|dup\\w*)\\s*\\|([^|]*)' },
      id: { re: '^success\\s*\\|([^|]+)' },
    },
  },
};
