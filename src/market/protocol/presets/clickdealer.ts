import type { Protocol } from '../../model/protocol.js';
import { REFUSED } from './words.js';

/** ClickDealer: a form, answered in JSON. The payout is the sale; "accepted" alone is not. */
export const clickdealer: Protocol = {
  post: {
    request: {
      query: { max_response_time: '{{ values.seconds }}' },
      headers: { Accept: 'application/json' },
      form: {
        api_key: '{{ secret.KEY }}',
        first_name: '{{ lead.firstName }}',
        last_name: '{{ lead.lastName }}',
        email: '{{ lead.email }}',
        phone: '{{ lead.phone | phone: national }}',
        zip: '{{ lead.zip | zip5 }}',
        homeowner: '{{ lead.homeowner | boolean: "Yes", "No" }}',
      },
    },
    answer: {
      reads: 'json',
      acceptedWhen: { at: 'Payout', is: 'number>0' },
      pendingWhen: { at: 'Result', is: ['Success'] },
      refusedWhen: { at: 'Result', is: REFUSED },
      order: ['accepted', 'refused', 'pending'],
      reason: { at: 'Message' },
      id: { at: 'LeadId' },
      redirect: { at: 'AutologinUrl' },
    },
  },
};
