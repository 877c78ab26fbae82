import { randomUUID } from 'node:crypto';
import type { FieldValue } from '../../market/fields/reading.js';
import { sendNotice } from '../notice.js';
import type { PostResult } from '../post.js';
import type { SignedMessage } from '../send.js';
import { asked, cancelled, endpoint, exchange, newPost, posted, type World } from './exchange.js';
import { clearPost, delivered, isUnsupported, refusalOf, type Check, type Finding } from './findings.js';
import { altered, FORGERIES } from './forgeries.js';
import { sampleNotices, type SampleNotice } from './sampleNotices.js';
import { withUnknownKeys } from './unknownKeys.js';

const sameAnswer = (a: PostResult, b: PostResult): boolean =>
  a.answer === b.answer &&
  (a.answer !== 'accepted' || b.answer !== 'accepted' || a.buyerLeadId === b.buyerLeadId);

const REMEMBER =
  'store each post_id before you take the lead, under a unique index, and answer a known post_id as you did the first time';

/** Letters outside ASCII, which break a signature that is computed over re-encoded text. */
const UNICODE: Record<string, FieldValue> = {
  firstName: 'Zoë',
  lastName: 'O’Neill-Łącki',
  note: '家 🏠 \\u00e9',
};

/** Near the limits of a lead: 100 fields, and values of several kilobytes. */
const MANY_FIELDS: Record<string, FieldValue> = Object.fromEntries(
  Array.from({ length: 80 }, (_, i) => [`custom_${i}`, i === 0 ? ['roof', 'solar'] : 'x'.repeat(600)]),
);

/** Requirements of posts, status questions, cancel notices and notices. */
export const POST_CHECKS: Check[] = [
  {
    check: 'post: answered',
    run: async (world) => {
      const found = await posted(world, newPost(world));
      const finding = clearPost(found, 'a signed post');
      const { answer } = found;
      if (finding.result === 'failed' || answer.answer === 'uncertain' || answer.detail === undefined)
        return finding;
      const isKept = answer.answer === 'refused' || !answer.detail.includes('not kept');
      return isKept ? finding : { ...finding, result: 'failed', remedy: answer.detail };
    },
  },
  ...FORGERIES.map(({ what, remedy, alter }) => ({
    check: `post: refused ${what}`,
    run: async (world: World) =>
      refusalOf(await posted(world, newPost(world), altered(alter(world.secret))), `a post ${what}`, remedy),
  })),
  {
    check: 'post: sent again',
    run: async (world) => {
      const post = newPost(world);
      const first = await posted(world, post);
      const second = await posted(world, post);
      const sent = 'the same post twice, with the same post_id';
      const came = `first ${first.came}, then ${second.came}`;
      if (second.answer.answer === 'uncertain') return clearPost(second, sent);
      if (sameAnswer(first.answer, second.answer)) return { result: 'passed', sent, came };
      return { result: 'failed', sent, came, remedy: REMEMBER };
    },
  },
  {
    check: 'post: sent again at the same time',
    run: async (world) => {
      const post = newPost(world);
      const all = await Promise.all([1, 2, 3, 4, 5].map(() => posted(world, post)));
      const sent = 'the same post five times at the same moment, as if connections broke';
      const clear = all.filter(({ answer }) => answer.answer !== 'uncertain');
      const [first] = clear;
      const last = await posted(world, post);
      if (last.answer.answer === 'uncertain') return clearPost(last, sent);
      const other = clear.find(({ answer }) => !sameAnswer(answer, last.answer));
      if (other === undefined) return { result: 'passed', sent, came: (first ?? last).came };
      const came = `${other.came}, and ${last.came}`;
      return { result: 'failed', sent, came, remedy: REMEMBER };
    },
  },
  {
    check: 'post: unknown keys ignored',
    run: async (world) =>
      clearPost(
        await posted(world, newPost(world), withUnknownKeys),
        'a post with keys that this version does not have',
      ),
  },
  {
    check: 'post: letters outside ASCII',
    run: async (world) => {
      const lead = { ...world.fields, ...UNICODE };
      const finding = clearPost(await posted(world, newPost(world, lead)), 'a post with “Zoë” and an emoji');
      if (finding.result === 'passed') return finding;
      return {
        ...finding,
        remedy: 'compute the signature over the bytes as received, and read them as UTF-8',
      };
    },
  },
  {
    check: 'post: many fields',
    run: async (world) => {
      const lead = { ...world.fields, ...MANY_FIELDS };
      const finding = clearPost(
        await posted(world, newPost(world, lead)),
        'a post of 50 KB with 80 custom fields, one of them a list',
      );
      if (finding.result === 'passed') return finding;
      return {
        ...finding,
        remedy: `${finding.remedy ?? ''}; a lead can have 100 fields and lists as values`,
      };
    },
  },
  {
    check: 'post: incomplete lead',
    run: async (world) => {
      const finding = clearPost(
        await posted(world, newPost(world, { state: 'TX' })),
        'a post whose lead has only a state',
      );
      if (finding.result === 'passed') return finding;
      return {
        ...finding,
        remedy: 'refuse what you can’t use: 200 {"accepted": false, "reason": "incomplete"}',
      };
    },
  },
  { check: 'status question: known post', run: knownStatus },
  { check: 'status question: unknown post', run: unknownStatus },
  { check: 'cancel notice', run: cancellation },
  { check: 'cancel notice: unknown post', run: strayCancellation },
  ...sampleNotices().map((notice) => noticeCheck(`notice: ${notice.payload.type}`, notice)),
  noticeCheck('notice: unknown type', {
    id: `${randomUUID()}.of_a_later_version`,
    payload: { type: 'of_a_later_version', test: true },
  }),
];

async function knownStatus(world: World): Promise<Finding> {
  const post = newPost(world);
  const before = await posted(world, post);
  const found = await asked(world, post.postId);
  const sent = 'a status question about a post that you answered';
  const { came, answer } = found;
  if (isUnsupported(found)) return { result: 'skipped', sent, came };
  if (answer.status === before.answer.answer) return { result: 'passed', sent, came };
  if (answer.status === 'silent') return { result: 'failed', sent, came, remedy: answer.detail };
  const remedy = `the post was answered with ${before.answer.answer}; answer the question the same`;
  return { result: 'failed', sent, came, remedy };
}

async function unknownStatus(world: World): Promise<Finding> {
  const found = await asked(world, randomUUID());
  const sent = 'a status question about a post that you never got';
  const { came, answer } = found;
  if (isUnsupported(found)) return { result: 'skipped', sent, came };
  if (answer.status === 'unknown') return { result: 'passed', sent, came };
  const remedy = 'answer {"accepted": null} if you don’t know the post';
  return { result: 'failed', sent, came, remedy };
}

async function cancellation(world: World): Promise<Finding> {
  const post = newPost(world);
  await posted(world, post);
  const found = await cancelled(world, post);
  const sent = 'a cancel notice for a post that you answered';
  const delivery = delivered(found, sent);
  if (delivery.result !== 'passed') return delivery;
  const after = await asked(world, post.postId);
  if (after.answer.status !== 'accepted') return delivery;
  const came = `${found.came}; then the status question: ${after.came}`;
  const remedy = 'drop the lead: after the notice it is not yours, so answer {"accepted": false}';
  return { result: 'failed', sent, came, remedy };
}

async function strayCancellation(world: World): Promise<Finding> {
  const found = await cancelled(world, { postId: randomUUID(), leadId: randomUUID() });
  return delivered(found, 'a cancel notice for a post that you never got');
}

function noticeCheck(check: string, { id, payload }: SampleNotice): Check {
  return {
    check,
    run: async (world) => {
      const message: SignedMessage = { ...endpoint(world, 'notices'), id, payload };
      const found = await exchange(world, (send) => sendNotice(send, message));
      return delivered(found, `a notice of the type ${payload.type}`);
    },
  };
}
