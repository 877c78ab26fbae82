import { createHash } from 'node:crypto';

/** Ends the code of a bundle; the source map after it contains local paths. */
const SOURCE_MAP = '//# sourceMappingURL=';

/**
 * A build's id in Temporal: the release and a hash of its workflows, so that two workers have the same id only if they
 * execute workflows in the same way. "0.1.0-514d6bc8"
 * @param release the package's version
 * @param bundle the text of the workflows' bundle
 */
export function buildIdOf(release: string, bundle: string): string {
  const [code = ''] = bundle.split(SOURCE_MAP, 1);
  return `${release}-${createHash('sha256').update(code).digest('hex').slice(0, 8)}`;
}
