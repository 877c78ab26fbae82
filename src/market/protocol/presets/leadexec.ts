import type { Protocol } from '../../model/protocol.js';

/** ClickPoint LeadExec: a form with the account in the query, answered in XML. */
export const leadexec: Protocol = {
  ping: {
    request: {
      query: { vid: '{{ values.vid }}', lid: '{{ values.lid }}', aid: '{{ values.aid }}' },
      form: { ZipCode: '{{ lead.zip | zip5 }}', State: '{{ lead.state }}' },
    },
    answer: {
      reads: 'xml',
      bid: { at: '//Price' },
      id: { at: '//LeadIdentifier' },
      bidWhen: { at: '//isValidPost', is: ['true'] },
      noBidWhen: { at: '//isValidPost', is: ['false'] },
      reason: { at: '//ResponseType' },
    },
  },
  post: {
    request: {
      query: {
        vid: '{{ values.vid }}',
        lid: '{{ values.lid }}',
        aid: '{{ values.aid }}',
        password: '{{ secret.PASSWORD }}',
        orderid: '{{ ping.id }}',
      },
      form: {
        FirstName: '{{ lead.firstName }}',
        LastName: '{{ lead.lastName }}',
        DayPhone: '{{ lead.phone | phone: national }}',
        Email: '{{ lead.email }}',
        City: '{{ lead.city }}',
        State: '{{ lead.state }}',
        ZipCode: '{{ lead.zip | zip5 }}',
        TrustedForm: '{{ lead.trustedFormCertUrl }}',
      },
    },
    answer: {
      reads: 'xml',
      pendingWhen: { at: '//PendingQCReview', is: ['true'] },
      duplicateWhen: { at: '//ResponseType', is: ['Duplicate_Lead', '6'] },
      acceptedWhen: { at: '//isValidPost', is: ['true'] },
      refusedWhen: { at: '//isValidPost', is: ['false'] },
      reason: { at: '//ResponseType' },
      id: { at: '//LeadIdentifier' },
      redirect: { at: '//RedirectURL' },
    },
  },
};
