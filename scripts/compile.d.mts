export declare function compiled(begins?: () => void): Promise<string>;
export declare function compileTo(outdir: string, folders?: string[]): Promise<void>;
