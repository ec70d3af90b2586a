import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { base, fromUnits, price, toJson, toUnits } from '../src/index.js';

test('decimal text is read as the command line reads it', () => {
    const file = new URL('../../../../crates/units/decimals.json', import.meta.url);
    const rows = JSON.parse(readFileSync(file, 'utf8')) as { text: string; decimals: number; units: string | null }[];
    for (const { text, decimals, units } of rows) {
        if (units === null) assert.throws(() => toUnits(text, decimals), RangeError, text);
        else assert.equal(toUnits(text, decimals), BigInt(units), text);
    }
    assert.equal(price('-0.5'), -500_000n);
});

test('numbers that are not what was written are refused', () => {
    assert.equal(price(7), 7_000_000n);
    assert.equal(price(181.25), 181_250_000n);
    assert.equal(base(0.1), 100_000_000n);
    assert.throws(() => base(123456789.123456789), /has more digits than a number keeps/);
    assert.throws(() => base(0.1 + 0.2), /more digits|decimals/);
    assert.throws(() => price(2 ** 53 + 2), /more digits/);
    for (const value of [1e21, 1e-7, NaN, Infinity]) assert.throws(() => price(value), RangeError, String(value));
});

test('integers become the shortest exact text', () => {
    for (const text of ['0', '1', '-1', '0.000001', '-0.5', '181.25', '1000000']) {
        assert.equal(fromUnits(toUnits(text, 6), 6), text);
    }
});

test('integers of 64 bits are text in JSON', () => {
    assert.equal(
        toJson({ size: 2n ** 64n - 1n, slot: 3, key: new Uint8Array([1, 2]) }),
        '{"size":"18446744073709551615","slot":3,"key":[1,2]}',
    );
});
