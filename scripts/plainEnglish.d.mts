export interface Phrase {
  find: string;
  write: string;
  found: string;
  clean: string;
  allow?: { path: string; text?: RegExp; why: string }[];
}

export interface Place {
  path: string;
  line: number;
  column: number;
  text: string;
  find: string;
  write: string;
}

export declare const PHRASES: Phrase[];
export declare function findPhrases(path: string, text: string): Place[];
export declare function findPhrasesIn(root: string, paths?: string[]): Place[];
