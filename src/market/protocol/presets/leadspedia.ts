import type { Protocol } from '../../model/protocol.js';
import { DUPLICATE, REFUSED } from './words.js';

/** LeadsPedia, ping.do and post.do: a form, answered in JSON or XML. */
export const leadspedia: Protocol = {
  ping: {
    request: {
      form: {
        lp_campaign_id: '{{ values.campaign }}',
        lp_campaign_key: '{{ secret.KEY }}',
        lp_response: 'JSON',
        lp_s1: '{{ values.source }}',
        lp_test: { value: '1', onlyFor: 'test' },
        state: '{{ lead.state }}',
        zip_code: '{{ lead.zip | zip5 }}',
        ip_address: '{{ lead.ip }}',
        residence_ownership: '{{ lead.homeowner | boolean: "Own", "Rent" }}',
      },
    },
    answer: {
      reads: 'auto',
      bid: { at: ['price', '/response/price'] },
      id: { at: ['ping_id', '/response/ping_id'] },
      bidWhen: { at: ['result', '/response/result'], is: ['success'] },
      noBidWhen: { at: ['result', '/response/result'], is: [...REFUSED, ...DUPLICATE] },
      reason: { at: ['errors[0].error', 'errors.error', 'errors[0]', '/response/errors/error'] },
    },
  },
  post: {
    request: {
      form: {
        lp_campaign_id: '{{ values.campaign }}',
        lp_campaign_key: '{{ secret.KEY }}',
        lp_response: 'JSON',
        lp_s1: '{{ values.source }}',
        lp_test: { value: '1', onlyFor: 'test' },
        lp_ping_id: '{{ ping.id }}',
        first_name: '{{ lead.firstName }}',
        last_name: '{{ lead.lastName }}',
        phone_home: '{{ lead.phone | phone: national }}',
        email_address: '{{ lead.email }}',
        city: '{{ lead.city }}',
        state: '{{ lead.state }}',
        zip_code: '{{ lead.zip | zip5 }}',
        ip_address: '{{ lead.ip }}',
        trusted_form_cert_id: '{{ lead.trustedFormCertUrl }}',
      },
    },
    answer: {
      reads: 'auto',
      acceptedWhen: { at: ['result', '/response/result'], is: ['success'] },
      duplicateWhen: { at: ['result', '/response/result'], is: DUPLICATE },
      refusedWhen: { at: ['result', '/response/result'], is: REFUSED },
      reason: { at: ['errors[0].error', 'errors.error', 'errors[0]', '/response/errors/error'] },
      id: { at: ['lead_id', '/response/lead_id'] },
      redirect: { at: ['redirect_url', '/response/redirect_url'] },
    },
  },
};
