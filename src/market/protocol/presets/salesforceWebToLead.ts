import type { Protocol } from '../../model/protocol.js';

/** Salesforce web-to-lead: a form; a header of the empty answer is the only sign. */
export const salesforceWebToLead: Protocol = {
  post: {
    request: {
      query: { encoding: 'UTF-8' },
      form: {
        oid: '{{ values.oid }}',
        retURL: '{{ values.returnTo }}',
        first_name: '{{ lead.firstName }}',
        last_name: '{{ lead.lastName }}',
        company: '{{ lead.company | default: "none given" }}',
        email: '{{ lead.email }}',
        phone: '{{ lead.phone | phone: national }}',
        city: '{{ lead.city }}',
        state: '{{ lead.state }}',
        zip: '{{ lead.zip | zip5 }}',
        lead_source: '{{ values.source }}',
      },
    },
    answer: {
      reads: 'text',
      refusedWhen: { header: 'is-processed', is: ['false'] },
      acceptedWhen: { header: 'is-processed', is: ['true'] },
    },
  },
};
