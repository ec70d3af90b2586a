// The guide's example, run as a reader runs it.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Lines that it prints for a transaction. */
export async function fills(url: string, signature: string): Promise<string[]> {
    const example = fileURLToPath(new URL('../examples/fills.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [example, url, signature]);
    return stdout.trim().split('\n');
}
