/** Told what is being done now, in a few words, for the person who waits. */
export type Progress = (text: string) => void;
