import type { AnswerTerms, Protocol } from '../../model/protocol.js';

const PHONEXA_RESULT: AnswerTerms = {
  reads: 'json',
  acceptedWhen: { at: 'status', is: ['1'] },
  refusedWhen: { at: 'status', is: ['2', '4'] },
  pendingWhen: { at: 'status', is: ['3'] },
  reason: { at: 'status_text' },
  id: { at: 'lead_id' },
  redirect: { at: 'redirect_url' },
};

/** Phonexa, /ping/ and /post/ in JSON. The post of a sale has a status of 1. */
export const phonexa: Protocol = {
  ping: {
    request: {
      json: {
        apiId: '{{ values.apiId }}',
        apiPassword: '{{ secret.PASSWORD }}',
        productId: '{{ values.productId }}',
        testMode: { value: 1, onlyFor: 'test' },
        zip: '{{ lead.zip | zip5 }}',
        state: '{{ lead.state }}',
        tcpa: 'YES',
        tcpaLanguage: '{{ lead.tcpaText }}',
        userIp: '{{ lead.ip }}',
        userAgent: '{{ lead.userAgent }}',
        webSiteUrl: '{{ lead.landingPage }}',
        ownHome: '{{ lead.homeowner | boolean: "YES", "NO" }}',
        jobType: '{{ lead.jobType }}',
      },
    },
    answer: {
      reads: 'json',
      bid: { at: 'price' },
      id: { at: 'promise' },
      bidWhen: { at: 'status', is: ['continue'] },
      noBidWhen: { at: 'status', is: ['reject', '2', '4'] },
      reason: { at: 'reason' },
    },
  },
  post: {
    request: {
      json: {
        apiId: '{{ values.apiId }}',
        apiPassword: '{{ secret.PASSWORD }}',
        productId: '{{ values.productId }}',
        testMode: { value: 1, onlyFor: 'test' },
        promise: '{{ ping.id }}',
        firstName: '{{ lead.firstName }}',
        lastName: '{{ lead.lastName }}',
        phoneNumber: '{{ lead.phone | phone: national }}',
        email: '{{ lead.email }}',
        address: '{{ lead.address }}',
        zip: '{{ lead.zip | zip5 }}',
        state: '{{ lead.state }}',
        tcpa: 'YES',
        tcpaLanguage: '{{ lead.tcpaText }}',
        userIp: '{{ lead.ip }}',
        userAgent: '{{ lead.userAgent }}',
        webSiteUrl: '{{ lead.landingPage }}',
        ownHome: '{{ lead.homeowner | boolean: "YES", "NO" }}',
        jobType: '{{ lead.jobType }}',
        trustedFormURL: '{{ lead.trustedFormCertUrl }}',
        jornayaLeadId: '{{ lead.jornayaLeadId }}',
      },
    },
    answer: PHONEXA_RESULT,
  },
  status: {
    request: {
      query: {
        apiId: '{{ values.apiId }}',
        apiPassword: '{{ secret.PASSWORD }}',
        checkKey: '{{ post.id }}',
      },
    },
    answer: PHONEXA_RESULT,
  },
};
