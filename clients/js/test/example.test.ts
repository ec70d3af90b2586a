// The example of the README, as it stands there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startExchange } from './exchange.js';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test('the first trade of the README', { timeout: 90_000 }, async () => {
    assert(readFileSync(file('README.md'), 'utf8').includes(readFileSync(file('examples/firstTrade.ts'), 'utf8')));
    const exchange = await startExchange(28_920);
    try {
        const wallet = join(exchange.folder, 'wallet.json');
        const { rpc, ws } = exchange.served;
        // U6: a reader starts it more than once.
        const [first, second] = [1, 2].map(() => {
            const example = [file('dist/examples/firstTrade.js'), rpc, ws, wallet];
            const run = spawnSync(process.execPath, example, { encoding: 'utf8' });
            assert.equal(run.status, 0, run.stderr);
            return run.stdout;
        });
        assert.match(first ?? '', /^order \d+ at \d+(\.\d+)?\nrefused: NotTickMultiple\n$/);
        assert.equal(second, first);
    } finally {
        await exchange.stop();
    }
});
