import { proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { formatUtc } from '../src/market/calendar/isoTime.js';
import { fitSummary } from '../src/temporal/sizeLimits.js';

const { nextMail } = proxyActivities<Activities>({
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});

/** Sent again until it is delivered, because its leads are sold; ops see each attempt. */
const { sendMail } = proxyActivities<Activities>({
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '10 s', backoffCoefficient: 2, maximumInterval: '1 h' },
});

/** E-mails the sold leads of a contract together, each time they are due; the sweep starts it when a lead waits. */
export async function mail({
  contract,
}: {
  contract: string;
}): Promise<{ mails: number; leads: number; leftOut: number }> {
  const total = { mails: 0, leads: 0, leftOut: 0 };
  // The sweep starts another run after a long one.
  while (!workflowInfo().continueAsNewSuggested) {
    const next = await nextMail({ contract });
    if (next === undefined) break;
    const wait = next.dueAt - Date.now();
    const until = `until ${formatUtc(next.dueAt)}: sold leads wait for their e-mail`;
    if (wait > 0) await sleep(wait, { summary: fitSummary(until) });
    const summary = fitSummary(`e-mail the sold leads of ${contract}`);
    const { sent, leftOut } = await sendMail.executeWithOptions({ summary }, [{ contract }]);
    total.mails += 1;
    total.leads += sent;
    total.leftOut += leftOut;
  }
  return total;
}
