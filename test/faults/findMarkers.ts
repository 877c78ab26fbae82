import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Finds markers in the files under a folder, as `file: marker`. Ignores case, and finds base64 at any offset.
 */
export function findMarkers(dir: string, markers: readonly string[]): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return findMarkers(path, markers);
    if (!entry.isFile()) return [];
    const bytes = readFileSync(path, 'latin1');
    const lowerCase = bytes.toLowerCase();
    return markers
      .filter(
        (marker) =>
          lowerCase.includes(marker.toLowerCase()) ||
          base64Forms(marker).some((form) => bytes.includes(form)),
      )
      .map((marker) => `${path}: ${marker}`);
  });
}

/** The base64 characters of a text within a longer one, for each of the three alignments. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    const wholeOnes = Math.floor((bytes.length * 8) / 6);
    return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), wholeOnes);
  });
}
