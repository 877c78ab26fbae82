import type { Protocol } from '../../model/protocol.js';

/** LeadsDelivery: a form with dotted names, answered in XML. */
export const leadsdelivery: Protocol = {
  ping: {
    request: {
      form: {
        'Lead.LeadTypeId': '{{ values.type }}',
        'Source.Key': '{{ secret.KEY }}',
        'Source.Token': '{{ secret.TOKEN }}',
        'Lead.City': '{{ lead.city }}',
        'Lead.State': '{{ lead.state }}',
        'Lead.Zip': '{{ lead.zip | zip5 }}',
        'Attributes.Homeowner': '{{ lead.homeowner | boolean: "Yes", "No" }}',
      },
    },
    answer: {
      reads: 'xml',
      bid: { at: '//Price' },
      id: { at: '//ID' },
      bidWhen: { at: '//Success', is: ['true'] },
      noBidWhen: { at: '//Success', is: ['false'] },
      reason: { at: '//Message' },
    },
  },
  post: {
    request: {
      form: {
        'Lead.LeadTypeId': '{{ values.type }}',
        TXID: '{{ ping.id }}',
        'Source.Key': '{{ secret.KEY }}',
        'Source.Token': '{{ secret.TOKEN }}',
        'Lead.FirstName': '{{ lead.firstName }}',
        'Lead.LastName': '{{ lead.lastName }}',
        'Lead.Homephone': '{{ lead.phone | phone: national }}',
        'Lead.Email': '{{ lead.email }}',
        'Lead.State': '{{ lead.state }}',
        'Lead.Zip': '{{ lead.zip | zip5 }}',
      },
    },
    answer: {
      reads: 'xml',
      acceptedWhen: { at: '//Success', is: ['true'] },
      refusedWhen: { at: '//Success', is: ['false'] },
      reason: { at: '//Message' },
      id: { at: '//ID' },
    },
  },
};
