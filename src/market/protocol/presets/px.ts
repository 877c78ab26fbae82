import type { Protocol } from '../../model/protocol.js';

/** PX API 2.0 in JSON, or the ping in XML. Only `Sold` is a sale. */
export const px: Protocol = {
  ping: {
    request: {
      headers: { Accept: 'application/json' },
      xml: {
        Lead: {
          ApiToken: '{{ secret.TOKEN }}',
          Vertical: '{{ values.vertical }}',
          SubId: '{{ values.source }}',
          OriginalUrl: '{{ lead.landingPage }}',
          SessionLength: { value: '{{ lead.sessionLength }}', blank: 'omit' },
          TcpaText: '{{ lead.tcpaText }}',
          ContactData: {
            ZipCode: '{{ lead.zip | zip5 }}',
            State: '{{ lead.state }}',
            IpAddress: '{{ lead.ip }}',
          },
        },
      },
    },
    answer: {
      reads: 'auto',
      bid: { at: ['Payout', '/Result/Payout'] },
      id: { at: ['TransactionId', '/Result/TransactionId'] },
      bidWhen: { at: ['Success', '/Result/Success'], is: ['true'] },
      noBidWhen: { at: ['Success', '/Result/Success'], is: ['false'] },
      reason: { at: ['Errors[0]', 'Message', '/Result/Message'] },
    },
  },
  post: {
    request: {
      json: {
        ApiToken: '{{ secret.TOKEN }}',
        Vertical: '{{ values.vertical }}',
        TransactionId: '{{ ping.id }}',
        SubId: '{{ values.source }}',
        OriginalUrl: '{{ lead.landingPage }}',
        TrustedForm: '{{ lead.trustedFormCertUrl }}',
        ContactData: {
          FirstName: '{{ lead.firstName }}',
          LastName: '{{ lead.lastName }}',
          EmailAddress: '{{ lead.email }}',
          PhoneNumber: '{{ lead.phone | phone: national }}',
          City: '{{ lead.city }}',
          State: '{{ lead.state }}',
          ZipCode: '{{ lead.zip | zip5 }}',
          IpAddress: '{{ lead.ip }}',
        },
      },
    },
    answer: {
      reads: 'auto',
      acceptedWhen: { at: ['Sold', '/Result/Sold'], is: ['true'] },
      refusedWhen: {
        any: [
          { at: ['Success', '/Result/Success'], is: ['false'] },
          { at: ['Sold', '/Result/Sold'], is: ['false'] },
        ],
      },
      pendingWhen: { at: ['Success', '/Result/Success'], is: ['true'] },
      order: ['accepted', 'refused', 'pending'],
      reason: { at: ['Errors[0]', 'Message', '/Result/Message'] },
      id: { at: ['TransactionId', '/Result/TransactionId'] },
      redirect: { at: ['RedirectUrl', '/Result/RedirectUrl'] },
    },
  },
};
