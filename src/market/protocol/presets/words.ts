/** Words by which systems of one kind say the same, whatever an installation has chosen. A yes has no such list. */
export const REFUSED = ['Rejected', 'Reject', 'Declined', 'Denied', 'Failed', 'Failure'];

export const DUPLICATE = ['Duplicate', 'Duplicated', 'Duplicate Lead', 'Duplicate_Lead', 'Dupe'];
