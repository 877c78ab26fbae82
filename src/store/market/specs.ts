import { randomBytes } from 'node:crypto';
import type { Database } from '../db.js';
import type { SpecsDocument } from '../documents.js';

/**
 * Who may read a campaign's specs page: nobody, anyone with the link, anyone with the new link (older links end), or
 * anybody.
 */
export type SpecsAccess = 'none' | 'link' | 'new_link' | 'public';

/** 128 random bits in base64url. */
const newToken = (): string => randomBytes(16).toString('base64url');

/** Sets who may read the page; an existing link stays valid unless `access` says otherwise. */
export async function setSpecsAccess(
  { specs }: Database,
  campaign: string,
  access: SpecsAccess,
): Promise<SpecsDocument | undefined> {
  if (access === 'none') {
    await specs.deleteOne({ _id: campaign });
    return undefined;
  }
  const before = await specs.findOne({ _id: campaign });
  const token = before === null || access === 'new_link' ? newToken() : before.token;
  const next: SpecsDocument = {
    _id: campaign,
    token,
    public: access === 'public' ? true : undefined,
    at: new Date(),
  };
  await specs.replaceOne({ _id: campaign }, next, { upsert: true });
  return next;
}

/** The campaign whose link has this token. */
export const findByToken = async ({ specs }: Database, token: string): Promise<string | undefined> =>
  (await specs.findOne({ token }))?._id;

/** Whether anybody may read the campaign's page. */
export const isPublic = async ({ specs }: Database, campaign: string): Promise<boolean> =>
  (await specs.findOne({ _id: campaign, public: true })) !== null;
