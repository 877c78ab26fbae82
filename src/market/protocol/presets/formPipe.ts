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
      bid: { re: '^success\\|[^|]*\\|\\$?([0-9.,]+)' },
      id: { re: '^success\\|([^|]+)\\|' },
      bidWhen: { re: '^(success)\\|', is: ['success'] },
      noBidWhen: { re: '^(failure|reject\\w*|no)\\b', is: 'any' },
      reason: { re: '^(?:failure|rejected)\\|([^|]*)' },
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
      acceptedWhen: { re: '^(success|accepted)\\b', is: 'any' },
      duplicateWhen: { re: '^(?:failure|rejected)\\|(dup\\w*)', is: 'any' },
      refusedWhen: { re: '^(failure|rejected)\\b', is: 'any' },
      reason: { re: '^(?:failure|rejected)\\|([^|]*)' },
      id: { re: '^success\\|([^|]+)' },
    },
  },
};
