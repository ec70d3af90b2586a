// The IDL as Codama nodes, with the facts applied.

import { rootNodeFromAnchorV01 } from '@codama/nodes-from-anchor';
import * as c from 'codama';
import { getProgramDerivedAddress, getUtf8Encoder } from '@solana/kit';

import * as facts from './facts.mjs';

/** The program's nodes, ready to be rendered. */
export async function nodesOf(idl) {
    const codama = c.createFromRoot(rootNodeFromAnchorV01(idl));
    codama.update(
        c.bottomUpTransformerVisitor([
            { select: '[structFieldTypeNode]', transform: field },
            { select: '[instructionArgumentNode]', transform: field },
            { select: '[accountNode]', transform: tail },
            { select: '[definedTypeNode]', transform: optionalFields },
            { select: '[instructionNode]', transform: optionalArguments },
            { select: '[instructionNode]', transform: trailing },
        ]),
    );
    codama.update(
        c.addPdasVisitor({
            kedge: Object.entries(facts.PDAS).map(([name, seeds]) => ({ name, seeds: seeds.map(seed) })),
        }),
    );
    codama.update(c.setFixedAccountSizesVisitor());
    const fixed = await Promise.all(
        facts.FIXED_ACCOUNTS.map(async (account) => ({
            account,
            defaultValue: c.publicKeyValueNode(await fixedAddress(idl.address, facts.PDAS[account])),
        })),
    );
    codama.update(c.setInstructionAccountDefaultValuesVisitor(fixed));
    return codama;
}

/** Public keys, texts and bytes instead of arrays of numbers; padding that nobody has to write. */
function field(node) {
    const type = bytes(node);
    if (/^(padding|reserved)\d*$/.test(node.name)) {
        return { ...node, type, defaultValue: zero(type), defaultValueStrategy: 'omitted' };
    }
    return { ...node, type };
}

function bytes({ name, type }) {
    const isBytes =
        c.isNode(type, 'arrayTypeNode') && c.isNode(type.item, 'numberTypeNode') && type.item.format === 'u8';
    if (!isBytes) return type;
    if (!c.isNode(type.count, 'fixedCountNode')) return type;
    const size = type.count.value;
    if (size === 32 && !facts.NO_PUBLIC_KEYS.includes(name)) return c.publicKeyTypeNode();
    const content = facts.TEXTS.includes(name) ? c.stringTypeNode('utf8') : c.bytesTypeNode();
    return c.fixedSizeTypeNode(content, size);
}

function zero(type) {
    switch (type.kind) {
        case 'numberTypeNode':
            return c.numberValueNode(0);
        case 'publicKeyTypeNode':
            return c.publicKeyValueNode('11111111111111111111111111111111');
        case 'fixedSizeTypeNode':
            return c.bytesValueNode('base16', '00'.repeat(type.size));
        case 'arrayTypeNode':
            return c.arrayValueNode(Array.from({ length: type.count.value }, () => zero(type.item)));
        default:
            throw new Error(`no zero is known for ${type.kind}`);
    }
}

function tail(node) {
    const fact = facts.TAILS[node.name];
    if (!fact) return node;
    const orders = c.structFieldTypeNode({
        name: fact.name,
        docs: [fact.docs],
        type: c.arrayTypeNode(c.definedTypeLinkNode(fact.item), c.remainderCountNode()),
    });
    return { ...node, data: c.structTypeNode([...node.data.fields, orders]) };
}

function optionalFields(node) {
    return facts.REQUIRED[node.name]
        ? { ...node, type: c.structTypeNode(optional(node.name, node.type.fields)) }
        : node;
}

function optional(owner, fields) {
    return fields.map((each) =>
        each.defaultValue || facts.REQUIRED[owner].includes(each.name)
            ? each
            : { ...each, defaultValue: zero(each.type), defaultValueStrategy: 'optional' },
    );
}

function optionalArguments(node) {
    return facts.REQUIRED[node.name] ? { ...node, arguments: optional(node.name, node.arguments) } : node;
}

function trailing(node) {
    const fact = facts.TRAILING_ACCOUNTS[node.name];
    if (!fact) return node;
    const accounts = c.instructionRemainingAccountsNode(c.argumentValueNode(fact.name), {
        docs: [fact.docs],
        isOptional: true,
        isWritable: fact.writable,
    });
    return { ...node, remainingAccounts: [accounts] };
}

function seed(part) {
    if (typeof part === 'string') return c.constantPdaSeedNodeFromString('utf8', part);
    const [[name, type]] = Object.entries(part);
    return c.variablePdaSeedNode(name, type === 'publicKey' ? c.publicKeyTypeNode() : c.numberTypeNode(type));
}

async function fixedAddress(programAddress, seeds) {
    const [address] = await getProgramDerivedAddress({
        programAddress,
        seeds: seeds.map((text) => getUtf8Encoder().encode(text)),
    });
    return address;
}
