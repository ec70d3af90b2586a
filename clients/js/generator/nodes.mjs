// The IDL as Codama nodes, with the facts applied.

import { rootNodeFromAnchorV01 } from '@codama/nodes-from-anchor';
import * as c from 'codama';

import * as facts from './facts.mjs';

/** The program's nodes, ready to be rendered. */
export function nodesOf(idl) {
    // Codama's names are in camel case, into which it turns words between underscores, but no capitals.
    const constants = idl.constants.map((each) => ({ ...each, name: each.name.toLowerCase() }));
    const codama = c.createFromRoot(rootNodeFromAnchorV01({ ...idl, constants }));
    codama.update(
        c.bottomUpTransformerVisitor([
            { select: '[structFieldTypeNode]', transform: field },
            { select: '[instructionArgumentNode]', transform: field },
            { select: '[accountNode]', transform: tail },
            { select: '[definedTypeNode]', transform: optionalFields },
            { select: '[instructionNode]', transform: optionalArguments },
            { select: '[instructionNode]', transform: trailing },
            { select: '[pdaValueNode]', transform: linked },
        ]),
    );
    codama.update(
        c.addPdasVisitor({
            kedge: Object.entries(facts.PDAS).map(([name, seeds]) => ({ name, seeds: seeds.map(seed) })),
        }),
    );
    codama.update(c.setFixedAccountSizesVisitor());
    codama.update(c.bottomUpTransformerVisitor([{ select: '[programNode]', transform: message }]));
    return codama;
}

/**
 * The message with records as an event beside the events themselves, each of which is one record behind its header. A
 * variant of a kind begins with the rest of the record's header.
 */
function message(program) {
    const fact = facts.MESSAGE;
    const type = (name) => program.definedTypes.find((each) => each.name === name).type;
    const [, ...behindKind] = type(fact.frame).fields;
    const variants = type(fact.event).variants.map((variant) =>
        variant.struct ? { ...variant, struct: c.structTypeNode([...behindKind, ...variant.struct.fields]) } : variant,
    );
    const records = c.arrayTypeNode(c.enumTypeNode(variants), c.remainderCountNode());
    const fields = [
        c.structFieldTypeNode({ name: 'header', type: c.definedTypeLinkNode(fact.header) }),
        c.structFieldTypeNode({ name: 'records', type: records }),
    ];
    const event = c.eventNode({ name: fact.name, docs: fact.docs, data: c.structTypeNode(fields) });
    return { ...program, events: [event, ...program.events] };
}

/** Texts and bytes instead of arrays of numbers; padding that nobody has to write. */
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

/** Seeds that the IDL states where an account is filled in: one name for them everywhere. */
function linked(node) {
    return c.isNode(node.pda, 'pdaNode') && facts.PDAS[node.pda.name]
        ? { ...node, pda: c.pdaLinkNode(node.pda.name) }
        : node;
}

function trailing(node) {
    const fact = facts.TRAILING_ACCOUNTS[node.name];
    if (!fact) return node;
    const accounts = c.instructionRemainingAccountsNode(c.argumentValueNode(fact.name), {
        docs: [fact.docs],
        isOptional: true,
        isSigner: fact.signer ?? false,
        isWritable: fact.writable,
    });
    return { ...node, remainingAccounts: [accounts] };
}

function seed(part) {
    if (typeof part === 'string') return c.constantPdaSeedNodeFromString('utf8', part);
    const [[name, type]] = Object.entries(part);
    return c.variablePdaSeedNode(name, type === 'publicKey' ? c.publicKeyTypeNode() : c.numberTypeNode(type));
}
