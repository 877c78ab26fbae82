import type { Protocol } from '../../model/protocol.js';
import { DUPLICATE } from './words.js';

/** ClickPoint LeadExec: a form with the account in the query, answered in XML or JSON, as its path says. */
export const leadexec: Protocol = {
  ping: {
    request: {
      query: { vid: '{{ values.vid }}', lid: '{{ values.lid }}', aid: '{{ values.aid }}' },
      form: { ZipCode: '{{ lead.zip | zip5 }}', State: '{{ lead.state }}' },
    },
    answer: {
      reads: 'auto',
      bid: { at: ['//Price', 'Price'] },
      id: { at: ['//LeadIdentifier', 'LeadIdentifier'] },
      bidWhen: { at: ['//isValidPost', 'isValidPost'], is: ['true'] },
      noBidWhen: { at: ['//isValidPost', 'isValidPost'], is: ['false'] },
      reason: { at: ['//ResponseType', 'ResponseType'] },
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
      reads: 'auto',
      pendingWhen: { at: ['//PendingQCReview', 'PendingQCReview'], is: ['true'] },
      duplicateWhen: {
        at: ['//ResponseType', 'ResponseType'],
        is: [...DUPLICATE, '6'],
      },
      acceptedWhen: { at: ['//isValidPost', 'isValidPost'], is: ['true'] },
      refusedWhen: { at: ['//isValidPost', 'isValidPost'], is: ['false'] },
      reason: { at: ['//ResponseType', 'ResponseType'] },
      id: { at: ['//LeadIdentifier', 'LeadIdentifier'] },
      redirect: { at: ['//RedirectURL', 'RedirectURL'] },
    },
  },
};
