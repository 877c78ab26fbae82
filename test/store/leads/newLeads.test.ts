import { expect, onTestFinished, test, vi } from 'vitest';
import type { InsertedLead } from '../../../src/store/leads/leads.js';
import { openNewLeads } from '../../../src/store/leads/newLeads.js';

const lead = { _id: 'l1' } as InsertedLead;

test('A new lead is taken once, so that a repeated round reads it', () => {
  const leads = openNewLeads();
  leads.add(lead);
  expect(leads.take('l2')).toBeUndefined();
  expect(leads.take('l1')).toBe(lead);
  expect(leads.take('l1')).toBeUndefined();
});

test('A lead that has waited for its round is read again', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const leads = openNewLeads();
  leads.add(lead);
  vi.setSystemTime(Date.now() + 2001);
  expect(leads.take('l1')).toBeUndefined();
});
