import { Command } from 'commander';
import { pickSettings } from '../config.js';
import { CommandFailed } from './commandFailed.js';
import { describeLead } from './describeLead.js';
import { leadStory } from './leadStory.js';
import { print, printJson } from './print.js';
import { useDatabase, usePersons } from './useDatabase.js';

interface Options {
  personal: boolean;
  json: boolean;
}

/** `gavel leads show ID` */
export function showCommand(): Command {
  return new Command('show')
    .description('the whole story of a lead: rounds, bids, posts, sales, books, what it waits for')
    .argument('<id>', 'the lead_id that the source was answered with')
    .option('--personal', 'show what the person wrote, which is masked otherwise', false)
    .option('--json', 'print the story as JSON', false)
    .action(show);
}

async function show(id: string, { personal, json }: Options): Promise<void> {
  const { TEMPORAL_UI_URL, TEMPORAL_NAMESPACE } = pickSettings(['TEMPORAL_UI_URL', 'TEMPORAL_NAMESPACE']);
  const ui =
    TEMPORAL_UI_URL === undefined ? undefined : { url: TEMPORAL_UI_URL, namespace: TEMPORAL_NAMESPACE };
  const reading = personal ? usePersons : useDatabase;
  const story = await reading((database) => leadStory(database, id.trim(), { personal, ui }));
  if (story === undefined)
    throw new CommandFailed(`The store has no lead "${id}"; its id is the lead_id of the answer.`);
  if (json) printJson(story);
  else print(describeLead(story, new Date()));
}
