import type { Protocol } from '../../model/protocol.js';

/** A query, answered by a tag with text behind it, which no XML parser reads. */
export const queryStatusTag: Protocol = {
  post: {
    request: {
      query: {
        style: '{{ values.style }}',
        camp: '{{ values.campaign }}',
        from: 'ad',
        submitForm: 'Y',
        oid: '{{ values.source }}',
        leadNameFirst: '{{ lead.firstName }}',
        leadNameLast: '{{ lead.lastName }}',
        leadEmail: '{{ lead.email }}',
        leadHomePhone: '{{ lead.phone | phone: national }}',
        leadState: '{{ lead.state }}',
        leadZip: '{{ lead.zip | zip5 }}',
        leadEstimatedAmountOwed: '{{ lead.amountOwed }}',
      },
    },
    answer: {
      reads: 'text',
      acceptedWhen: { re: '<status>\\s*(accepted)\\s*</status>', is: ['accepted'] },
      refusedWhen: { re: '<status>\\s*(rejected)\\s*</status>', is: ['rejected'] },
      reason: { re: '</status>\\s*(?:reason\\s*:\\s*)?([^<]+?)\\s*$' },
    },
  },
};
