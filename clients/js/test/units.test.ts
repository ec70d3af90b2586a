import assert from 'node:assert/strict';
import { test } from 'node:test';

import { base, fromUnits, price, toUnits } from '../src/index.js';

test('decimal text becomes integers exactly', () => {
    assert.equal(price('181.25'), 181_250_000n);
    assert.equal(base('2.5'), 2_500_000_000n);
    assert.equal(base('0.000000001'), 1n);
    assert.equal(price('-0.5'), -500_000n);
    assert.equal(price(7), 7_000_000n);
    assert.equal(price('18014398509.481985'), 18_014_398_509_481_985n);
});

test('what would be rounded or is no number is refused', () => {
    for (const text of ['0.0000001', '1e3', '', '.5', '1.', 'NaN', '1,5', ' 1']) {
        assert.throws(() => price(text), RangeError, text);
    }
});

test('integers become the shortest exact text', () => {
    for (const text of ['0', '1', '-1', '0.000001', '-0.5', '181.25', '1000000']) {
        assert.equal(fromUnits(toUnits(text, 6), 6), text);
    }
});
