export declare function compiled(begins?: () => void): Promise<string>;
