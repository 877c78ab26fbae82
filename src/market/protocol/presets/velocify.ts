import type { Protocol } from '../../model/protocol.js';

/** Velocify, Import.aspx: a form, answered with a word or in XML. */
export const velocify: Protocol = {
  post: {
    request: {
      query: {
        Provider: '{{ values.provider }}',
        Client: '{{ values.client }}',
        CampaignId: '{{ values.campaign }}',
        XmlResponse: 'True',
      },
      form: {
        first_name: '{{ lead.firstName }}',
        last_name: '{{ lead.lastName }}',
        email: '{{ lead.email }}',
        phone: '{{ lead.phone | phone: national }}',
        city: '{{ lead.city }}',
        state: '{{ lead.state }}',
        zip: '{{ lead.zip | zip5 }}',
      },
    },
    answer: {
      reads: 'auto',
      acceptedWhen: {
        any: [
          { at: '/ImportResults/ImportResult/@result', is: ['Success'] },
          { re: '^\\s*(Success)\\s*$', is: ['Success'] },
        ],
      },
      refusedWhen: {
        any: [
          { at: '/ImportResults/ImportResult/@result', is: ['Failure', 'Error'] },
          { re: '^\\s*(Failure|Error)', is: ['Failure', 'Error'] },
        ],
      },
      reason: { at: '/ImportResults/ImportResult/@message' },
      id: { at: '/ImportResults/ImportResult/@leadId' },
    },
  },
};
