// Signed orders against the vector of docs/signed-orders.json, which the Rust client is held to as well, and against the
// readers of Solana's own library.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
    address,
    createKeyPairFromPrivateKeyBytes,
    getBase16Encoder,
    getBase58Encoder,
    getOffchainMessageV0Decoder,
    signBytes,
    verifyOffchainMessageEnvelope,
    type Address,
    type SignatureBytes,
} from '@solana/kit';

import {
    getSignedOrdersInstructions,
    OrderKind,
    Side,
    signedOrdersEnvelope,
    signedOrdersMessage,
    signedOrdersText,
    type OrderParamsArgs,
} from '../src/index.js';

type Vector = {
    private_key: string;
    signer: Address;
    program: Address;
    sub_account: Address;
    market: Address;
    market_name: string;
    cases: {
        name: string;
        number: string;
        slot: string;
        last_slot: string;
        orders: Record<string, string>[];
        message: string;
        signature: string;
        text: string;
        envelope: string;
        envelope_signature: string;
        instruction: string;
    }[];
};

const FILE = new URL('../../../../docs/signed-orders.json', import.meta.url);
const vector = JSON.parse(readFileSync(FILE, 'utf8')) as Vector;
const bytes = (hex: string) => new Uint8Array(getBase16Encoder().encode(hex));
const KEYS = await createKeyPairFromPrivateKeyBytes(bytes(vector.private_key));

/** An order of the vector: names as in the IDL, numbers in the exchange's units. */
function order(fields: Record<string, string>): OrderParamsArgs {
    const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const wide = ['client_id', 'price', 'size', 'auction_start', 'auction_end', 'trigger_price'];
    const entries = Object.entries(fields).map(([name, value]) => {
        if (name === 'side') return [name, Side[value as keyof typeof Side]];
        if (name === 'kind') return [name, OrderKind[value as keyof typeof OrderKind]];
        return [camel(name), wide.includes(name) ? BigInt.asUintN(64, BigInt(value)) : Number(value)];
    });
    return Object.fromEntries(entries) as OrderParamsArgs;
}

for (const wanted of vector.cases) {
    test(wanted.name, async () => {
        const signed = {
            subAccount: vector.sub_account,
            number: BigInt(wanted.number),
            slot: BigInt(wanted.slot),
            lastSlot: BigInt(wanted.last_slot),
            orders: wanted.orders.map(order),
        };
        const message = signedOrdersMessage(signed);
        assert.deepEqual(message, bytes(wanted.message));
        const text = signedOrdersText(signed, vector.market_name);
        assert.equal(text, wanted.text);
        const envelope = signedOrdersEnvelope(text, vector.signer);
        assert.deepEqual(new Uint8Array(envelope), bytes(wanted.envelope));
        const sign = async (content: Uint8Array) => new Uint8Array(await signBytes(KEYS.privateKey, content));
        assert.deepEqual(await sign(message), new Uint8Array(getBase58Encoder().encode(wanted.signature)));
        const signature = await sign(new Uint8Array(envelope));
        assert.deepEqual(signature, new Uint8Array(getBase58Encoder().encode(wanted.envelope_signature)));

        // What the library reads in the envelope that Rust wrote, and whose signature it finds good.
        const read = getOffchainMessageV0Decoder().decode(bytes(wanted.envelope));
        assert.equal(read.content.text, wanted.text);
        assert.deepEqual(
            [read.version, read.applicationDomain, read.requiredSignatories.map(({ address }) => address)],
            [0, vector.program, [vector.signer]],
        );
        await verifyOffchainMessageEnvelope({
            content: bytes(wanted.envelope) as never,
            signatures: { [vector.signer]: signature as unknown as SignatureBytes },
        });

        const { signer, market, sub_account: subAccount } = vector;
        const [front, place] = getSignedOrdersInstructions({ signer, signature, message: envelope, market, subAccount });
        assert.deepEqual(new Uint8Array(front.data!), bytes(wanted.instruction));
        assert.equal(place.programAddress, vector.program);
    });
}

test('what cannot be signed is refused before it is', () => {
    const limit = { market: 0, kind: OrderKind.Limit, side: Side.Long, size: 1n, price: 1n } as OrderParamsArgs;
    const signed = (...orders: OrderParamsArgs[]) => ({
        subAccount: address(vector.sub_account),
        number: 1n,
        slot: 1n,
        lastSlot: 2n,
        orders,
    });
    assert.throws(() => signedOrdersMessage(signed()), /one to three/);
    assert.throws(() => signedOrdersText(signed(limit, limit, limit, limit), 'X'), /one to three/);
    assert.throws(() => signedOrdersText(signed(limit, { ...limit, market: 1 }), 'X'), /one market/);
    assert.throws(() => signedOrdersText(signed({ ...limit, flags: 8 }), 'X'), /at once/);
});
