import { createHash } from 'node:crypto';

/** Ends the code of a bundle; what follows tells where the sources lay. */
const SOURCE_MAP = '//# sourceMappingURL=';

/**
 * A build as Temporal names it: the release and what its workflows are, so that two workers have the same one exactly
 * where they live leads alike. "0.1.0-514d6bc8"
 * @param release the package's version
 * @param bundle the text of the workflows' bundle
 */
export function buildIdOf(release: string, bundle: string): string {
  const [code = ''] = bundle.split(SOURCE_MAP, 1);
  return `${release}-${createHash('sha256').update(code).digest('hex').slice(0, 8)}`;
}
