import { Command } from 'commander';
import type { OperationContext } from '../operations/operation.js';
import { rejectInvisibleCharacters } from '../operations/invisibleCharacters.js';
import { OUTBOUND_SETTINGS, readOutboundRules } from '../buyers/outboundRules.js';
import type { openSender, Send } from '../buyers/send.js';
import { pickSettings, TEMPORAL_SETTINGS, type TemporalSettings } from '../config.js';
import type { Database } from '../store/db.js';
import { SCOPE_NAMES } from '../store/scopes.js';
import type { openLeadWorkflowClient } from '../temporal/leadWorkflowClient.js';
import { cliActor } from '../terminal/currentUser.js';
import { CommandFailed } from '../terminal/commandFailed.js';
import { callRemotely } from './remoteAdmin.js';
import { useDatabase, useDatabaseWithKeys } from '../terminal/useDatabase.js';
import type { CallOperation } from './callOperation.js';

const remoteCommands = new WeakSet<Command>();
const localReasons = new WeakMap<Command, string>();

/** A command that only uses operations of the admin API, so that it also works remotely. */
export function adminCommand(name: string): Command {
  const command = new Command(name);
  remoteCommands.add(command);
  return command;
}

/** A command that runs on the machine of the servers only, and the reason. */
export function localCommand(name: string, why: string): Command {
  const command = new Command(name);
  localReasons.set(command, why);
  return command;
}

/** The URL of `--remote`; undefined: the command runs locally. */
const remoteUrlOf = (command: Command): string | undefined =>
  command.optsWithGlobals<{ remote?: string }>().remote;

/** @throws CommandFailed if `--remote` is given and the command doesn't support it */
export function rejectRemote(command: Command): void {
  if (remoteUrlOf(command) === undefined || remoteCommands.has(command)) return;
  const why =
    localReasons.get(command) ?? 'it runs here, with the settings of this machine. Leave --remote out.';
  throw new CommandFailed(`\`${commandPath(command)}\` can’t be done by --remote: ${why}`);
}

/** `gavel keys rotate-master` */
const commandPath = (command: Command): string =>
  command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;

interface UseAdminOptions {
  personalData?: boolean;
  onProgress?: (text: string) => void;
}

/** Runs a command's work on the admin API named by `--remote`, else on the database of the settings. */
export async function useAdmin<T>(
  command: Command,
  work: (call: CallOperation) => Promise<T>,
  { personalData = false, onProgress }: UseAdminOptions = {},
): Promise<T> {
  const remote = remoteUrlOf(command);
  if (remote !== undefined) return work(callRemotely(remote, adminKey()));
  return (personalData ? useDatabaseWithKeys : useDatabase)(async (database) => {
    const { context, close } = localAdminContext(database, onProgress);
    try {
      return await work((operation, input) => {
        rejectInvisibleCharacters(input);
        return operation.run(context, input);
      });
    } finally {
      await close();
    }
  });
}

function adminKey(): string {
  const { GAVEL_ADMIN_KEY } = pickSettings(['GAVEL_ADMIN_KEY']);
  if (GAVEL_ADMIN_KEY !== undefined) return GAVEL_ADMIN_KEY;
  throw new CommandFailed(
    'GAVEL_ADMIN_KEY is not set. Set it to an admin key; create one with `gavel keys create --admin NAME --scopes …` where the servers are.',
  );
}

/** Anyone with access to the database has all scopes. */
function localAdminContext(
  database: Database,
  onProgress: UseAdminOptions['onProgress'],
): { context: OperationContext; close: () => Promise<void> } {
  let opening: Promise<ReturnType<typeof openLeadWorkflowClient>> | undefined;
  // Loaded when first used, as below, so that the other commands don't wait for what only one needs.
  const openNotifier = async (settings: TemporalSettings) => {
    const { openLeadWorkflowClient } = await import('../temporal/leadWorkflowClient.js');
    return openLeadWorkflowClient(settings);
  };
  const notifier = () => (opening ??= openNotifier(pickSettings(TEMPORAL_SETTINGS)));
  let sender: ReturnType<typeof openSender> | undefined;
  const send: Send = async (message) => {
    const { openSender } = await import('../buyers/send.js');
    sender ??= openSender(pickSettings(OUTBOUND_SETTINGS));
    return sender.send(message);
  };
  /** Loaded when first used, as above. */
  const outlets = async () => {
    const { openOutlets, OUTLET_SETTINGS } = await import('../buyers/outlets/outlets.js');
    return openOutlets(pickSettings([...OUTBOUND_SETTINGS, ...OUTLET_SETTINGS]), { send });
  };
  const { TEMPORAL_UI_URL: url, TEMPORAL_NAMESPACE: namespace } = pickSettings([
    'TEMPORAL_UI_URL',
    'TEMPORAL_NAMESPACE',
  ]);
  return {
    context: {
      database,
      by: cliActor(),
      scopes: SCOPE_NAMES,
      isShared: false,
      onProgress,
      retentionDays: pickSettings(['RETENTION_DAYS']).RETENTION_DAYS,
      publicUrl: pickSettings(['PUBLIC_URL']).PUBLIC_URL,
      outbound: readOutboundRules(pickSettings(OUTBOUND_SETTINGS)),
      notifyWithdrawn: async (leadId) => (await notifier()).notifyWithdrawn(leadId),
      resolvePost: async (leadId, decision) => (await notifier()).resolvePost(leadId, decision),
      retryNow: async (leadId) => (await notifier()).retryNow(leadId),
      send,
      outlets: { deliver: async (...delivery) => (await outlets()).deliver(...delivery) },
      ui: url === undefined ? undefined : { url, namespace },
    },
    close: async () => {
      // Nobody waits for a notification: its client may still be loading.
      await Promise.all([opening?.then((client) => client.close()), sender?.close()]);
    },
  };
}
