import type { Protocol } from '../../model/protocol.js';
import { DUPLICATE, REFUSED } from './words.js';

/** Lead Prosper, ping and post in JSON. */
export const leadprosper: Protocol = {
  ping: {
    request: {
      json: {
        lp_campaign_id: '{{ values.campaign }}',
        lp_supplier_id: '{{ values.supplier }}',
        lp_key: '{{ secret.KEY }}',
        lp_action: { value: 'test', onlyFor: 'test' },
        zip_code: '{{ lead.zip | zip5 }}',
        state: '{{ lead.state }}',
        city: '{{ lead.city }}',
        ip_address: '{{ lead.ip }}',
        user_agent: '{{ lead.userAgent }}',
        landing_page_url: '{{ lead.landingPage }}',
        tcpa_text: '{{ lead.tcpaText }}',
      },
    },
    answer: {
      reads: 'json',
      bid: { at: ['bids[0].payout', 'payout'] },
      id: { at: 'ping_id' },
      bidWhen: { at: 'status', is: ['ACCEPTED'] },
      noBidWhen: { at: 'status', is: ['ERROR', ...REFUSED, ...DUPLICATE] },
      reason: { at: 'message' },
    },
  },
  post: {
    request: {
      json: {
        lp_campaign_id: '{{ values.campaign }}',
        lp_supplier_id: '{{ values.supplier }}',
        lp_key: '{{ secret.KEY }}',
        lp_action: { value: 'test', onlyFor: 'test' },
        lp_ping_id: '{{ ping.id }}',
        first_name: '{{ lead.firstName }}',
        last_name: '{{ lead.lastName }}',
        phone: '{{ lead.phone | phone: national }}',
        email: '{{ lead.email }}',
        city: '{{ lead.city }}',
        state: '{{ lead.state }}',
        zip_code: '{{ lead.zip | zip5 }}',
        ip_address: '{{ lead.ip }}',
        user_agent: '{{ lead.userAgent }}',
        landing_page_url: '{{ lead.landingPage }}',
        tcpa_text: '{{ lead.tcpaText }}',
        trustedform_cert_url: '{{ lead.trustedFormCertUrl }}',
        jornaya_leadid: '{{ lead.jornayaLeadId }}',
      },
    },
    answer: {
      reads: 'json',
      acceptedWhen: { at: 'status', is: ['ACCEPTED'] },
      duplicateWhen: { at: 'status', is: DUPLICATE },
      refusedWhen: { at: 'status', is: ['ERROR', ...REFUSED] },
      reason: { at: 'message' },
      id: { at: 'id' },
    },
  },
};
