// The code of the integrator's guide, as it stands there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { fills } from './fills.js';

const file = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the guide shows the example that reads fills', () => {
    const [, code] = /```ts\n([\s\S]*?)```/.exec(file('../../../../docs/guides/integrator.md')) ?? [];
    assert.equal(code, file('../../examples/fills.ts'));
});

test('who asks for what an endpoint does not know is told so', async () => {
    // Nobody listens there.
    await assert.rejects(fills('http://127.0.0.1:9', '1'.repeat(64)), /ECONNREFUSED|fetch failed/);
});
