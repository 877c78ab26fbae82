import type { Protocol } from '../../model/protocol.js';
import { DUPLICATE, REFUSED } from './words.js';

/** ActiveProspect LeadConduit: a form to a secret address. A status of 201 is no sale. */
export const leadconduit: Protocol = {
  post: {
    request: {
      headers: { Accept: 'application/json' },
      form: {
        first_name: '{{ lead.firstName }}',
        last_name: '{{ lead.lastName }}',
        email: '{{ lead.email }}',
        phone_1: '{{ lead.phone | phone: national }}',
        city: '{{ lead.city }}',
        state: '{{ lead.state }}',
        postal_code: '{{ lead.zip | zip5 }}',
        ip_address: '{{ lead.ip }}',
        landing_page_url: '{{ lead.landingPage }}',
        trustedform_cert_url: '{{ lead.trustedFormCertUrl }}',
        universal_leadid: '{{ lead.jornayaLeadId }}',
      },
    },
    answer: {
      reads: 'auto',
      acceptedWhen: { at: ['outcome', '/result/outcome'], is: ['success'] },
      refusedWhen: { at: ['outcome', '/result/outcome'], is: [...REFUSED, ...DUPLICATE] },
      againWhen: { at: ['outcome', '/result/outcome'], is: ['error'] },
      reason: { at: ['reason', '/result/reason'] },
      id: { at: ['lead.id', '/result/lead/id'] },
    },
  },
};
