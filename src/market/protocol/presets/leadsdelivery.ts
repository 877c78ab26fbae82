import type { Protocol } from '../../model/protocol.js';

/** LeadsDelivery: a form with dotted names, answered in XML or JSON. */
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
      reads: 'auto',
      bid: { at: ['//Price', 'Price', 'price'] },
      id: { at: ['//ID', 'ID', 'id'] },
      bidWhen: { at: ['//Success', 'Success', 'success'], is: ['true'] },
      noBidWhen: { at: ['//Success', 'Success', 'success'], is: ['false'] },
      reason: { at: ['//Message', 'Message', 'message'] },
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
      reads: 'auto',
      acceptedWhen: { at: ['//Success', 'Success', 'success'], is: ['true'] },
      refusedWhen: { at: ['//Success', 'Success', 'success'], is: ['false'] },
      reason: { at: ['//Message', 'Message', 'message'] },
      id: { at: ['//ID', 'ID', 'id'] },
    },
  },
};
