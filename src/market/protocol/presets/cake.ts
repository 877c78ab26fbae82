import type { Protocol } from '../../model/protocol.js';
import { DUPLICATE } from './words.js';

/** CAKE, d.ashx: a query, answered in XML. It has no ping. */
export const cake: Protocol = {
  post: {
    request: {
      query: {
        ckm_campaign_id: '{{ values.campaign }}',
        ckm_key: '{{ secret.KEY }}',
        ckm_subid: '{{ values.source }}',
        ckm_test: { value: '1', onlyFor: 'test' },
        f_name: '{{ lead.firstName }}',
        l_name: '{{ lead.lastName }}',
        customer_email_address: '{{ lead.email }}',
        cust_phone_home: '{{ lead.phone | phone: national }}',
        home_city: '{{ lead.city }}',
        home_state: '{{ lead.state }}',
        home_zip: '{{ lead.zip | zip5 }}',
        ip_address: '{{ lead.ip }}',
        opt_in: '1',
      },
    },
    answer: {
      reads: 'xml',
      duplicateWhen: { at: '/result/msg', is: DUPLICATE },
      acceptedWhen: { at: '/result/code', is: ['0'] },
      refusedWhen: {
        any: [
          // Taken, but not paid for.
          { at: '/result/msg', re: '^no pay\\b' },
          { at: '/result/code', re: '^(?:[^0]|0.)' },
        ],
      },
      reason: { at: '/result/msg' },
      id: { at: '/result/leadid' },
      redirect: { at: '/result/redirect' },
    },
  },
};
