import { InvalidArgumentError, type Command } from 'commander';
import {
  pauseBuyer,
  pauseCampaign,
  pauseContract,
  pauseEnd,
  resumeBuyer,
  resumeCampaign,
  resumeContract,
  type PauseView,
} from '../../../operations/market/pauseOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import type { CallOperation } from '../../callOperation.js';
import { print, printJson } from '../../../terminal/print.js';

/** How a kind of thing is paused and resumed by its id. */
interface Kind {
  one: string;
  /** What an id is like. */
  example: string;
  pause: (call: CallOperation, id: string, until: string | undefined) => Promise<PauseView>;
  resume: (call: CallOperation, id: string) => Promise<PauseView>;
}

const BUYER: Kind = {
  one: 'buyer',
  example: 'northwind',
  pause: (call, buyer_id, until) => call(pauseBuyer, { buyer_id, until }),
  resume: (call, buyer_id) => call(resumeBuyer, { buyer_id }),
};

const CAMPAIGN: Kind = {
  one: 'campaign',
  example: 'ACME1234/auto-insurance',
  pause: (call, id, until) => call(pauseCampaign, { ...campaignIn(id), until }),
  resume: (call, id) => call(resumeCampaign, campaignIn(id)),
};

const CONTRACT: Kind = {
  one: 'contract',
  example: 'ACME1234/auto-insurance/northwind',
  pause: (call, id, until) => call(pauseContract, { ...contractIn(id), until }),
  resume: (call, id) => call(resumeContract, contractIn(id)),
};

/** `gavel buyers pause|resume ID` */
export const buyerPauses = (): Command[] => commandsOf(BUYER, (text) => text);
/** `gavel campaigns pause|resume ID` */
export const campaignPauses = (): Command[] => commandsOf(CAMPAIGN, idOf(CAMPAIGN, /^[^/]+\/[^/]+$/));
/** `gavel contracts pause|resume ID` */
export const contractPauses = (): Command[] => commandsOf(CONTRACT, idOf(CONTRACT, /^[^/]+\/[^/]+\/[^/]+$/));

function commandsOf({ one, example, pause, resume }: Kind, id: (text: string) => string): Command[] {
  const what = `the ${one}’s id, such as ${example}`;
  const print = (state: PauseView, { json }: { json: boolean }): void => {
    if (json) printJson(state);
    else printState(state);
  };
  return [
    adminCommand('pause')
      .description(`pause a ${one} now: it takes no lead until it is resumed`)
      .argument('<id>', what, id)
      .option(
        '--until <when>',
        'resume it then automatically: a time with its offset, or a duration from now (2h, 3d)',
        end,
      )
      .option('--json', 'print the new state as JSON', false)
      .action(async (named: string, options: { until?: string; json: boolean }, command: Command) => {
        print(await useAdmin(command, (call) => pause(call, named, options.until)), options);
      }),
    adminCommand('resume')
      .description(`resume a paused ${one}; leads that wait are offered to it at once`)
      .argument('<id>', what, id)
      .option('--json', 'print the new state as JSON', false)
      .action(async (named: string, options: { json: boolean }, command: Command) => {
        print(await useAdmin(command, (call) => resume(call, named)), options);
      }),
  ];
}

function printState({ kind, id, paused, paused_until, changed, waiting_leads: waiting }: PauseView): void {
  const until = paused_until === undefined ? '' : ` until ${formatUtc(new Date(paused_until))}`;
  const active = changed ? 'is resumed' : 'is not paused';
  const now = paused ? `is paused${until || ' until it is resumed'}` : active;
  const where = kind === 'campaign' ? 'in it' : `in its campaign${kind === 'buyer' ? 's' : ''}`;
  print(`The ${kind} ${id} ${now}${changed ? '' : ', as before'}.`);
  print(waiting === 1 ? `1 unsold lead waits ${where}.` : `${waiting} unsold leads wait ${where}.`);
}

const idOf =
  ({ one, example }: Kind, form: RegExp) =>
  (text: string): string => {
    if (form.test(text)) return text;
    throw new InvalidArgumentError(`Write a ${one}’s id, such as ${example}; gavel ${one}s list shows them.`);
  };

function campaignIn(id: string): { seller: string; category: string } {
  const [seller = '', category = ''] = id.split('/');
  return { seller, category };
}

function contractIn(id: string): { seller: string; category: string; buyer_id: string } {
  const [seller = '', category = '', buyer_id = ''] = id.split('/');
  return { seller, category, buyer_id };
}

/** The text itself: a duration counts from when the pause is made. */
function end(text: string): string {
  const at = pauseEnd(text, Date.now());
  if (at === undefined)
    throw new InvalidArgumentError(
      'Write a time with its offset from UTC like 2026-12-01T09:00:00-06:00 (or …Z), or a duration like 2h or 3d.',
    );
  if (at <= Date.now()) throw new InvalidArgumentError(`${formatUtc(at)} has passed already.`);
  return text;
}
