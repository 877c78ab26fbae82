import type { Protocol } from '../../model/protocol.js';
import { DUPLICATE, REFUSED } from './words.js';

/** SOAP 1.1 with the lead as XML in a text, and the result as XML in a text. */
export const soapUploadWebLead: Protocol = {
  post: {
    request: {
      soap: {
        action: 'http://www.aispskleads.example/UploadWebLead',
        header: {
          AuthHeader: {
            '@xmlns': 'http://www.aispskleads.example',
            Username: '{{ values.user }}',
            Password: '{{ secret.PASSWORD }}',
          },
        },
        body: {
          UploadWebLead: {
            '@xmlns': 'http://www.aispskleads.example',
            RefID: '{{ post_id }}',
            LeadData: {
              '#xml': {
                ACORD: {
                  InsuranceSvcRq: { GivenName: '{{ lead.firstName }}', Surname: '{{ lead.lastName }}' },
                },
              },
            },
          },
        },
      },
    },
    answer: {
      reads: 'xml',
      unwrap: { at: '//UploadWebLeadResult', as: 'xml' },
      acceptedWhen: { at: '//StatusEnum', is: ['Succeeded'] },
      duplicateWhen: { at: '//StatusEnum', is: DUPLICATE },
      refusedWhen: { at: '//StatusEnum', is: REFUSED },
      reason: { at: '//StatusText' },
      id: { at: '//LeadID' },
    },
  },
};
