// The TypeScript client as a stranger gets it: packed, installed in a bare project, read by packagers, bundled for a browser.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';

import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const CLIENT = here('../../../clients/js');
const vectors = JSON.parse(readFileSync(process.env.KEDGE_VECTORS, 'utf8'));
const { version, peerDependencies } = JSON.parse(readFileSync(join(CLIENT, 'package.json'), 'utf8'));

const project = mkdtempSync(join(tmpdir(), 'kedge-package-'));
let tarball;
/** What are-the-types-wrong says: exit status and text. */
let types;
before(
    () => {
        // Without what was built before: packing builds.
        rmSync(join(CLIENT, 'dist'), { recursive: true, force: true });
        const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', project], {
            cwd: CLIENT,
            encoding: 'utf8',
        });
        tarball = join(project, `kedge-exchange-client-${version}.tgz`);
        assert(existsSync(tarball), packed);
        // It takes longest, and asks for the tarball only.
        const asked = [tarball, '--profile', 'esm-only', '--format', 'table-flipped'];
        types = new Promise((resolve) =>
            execFile(here('node_modules/.bin/attw'), asked, (error, out, err) =>
                resolve({ status: error ? error.code : 0, said: out + err }),
            ),
        );
        writeFileSync(join(project, 'package.json'), '{ "name": "bare", "private": true, "type": "module" }\n');
        const packages = [tarball, `@solana/kit@${peerDependencies['@solana/kit'].replace('^', '')}`];
        execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], {
            cwd: project,
            stdio: 'pipe',
        });
    },
    { timeout: 300_000 },
);
after(() => rmSync(project, { recursive: true }));

/** Places an order and tells the data; `text` and cut names would have gone through once. */
const USE = `
import * as kedge from '@kedge-exchange/client';
import { address, createNoopSigner } from '@solana/kit';

const anybody = address('11111111111111111111111111111111');
const order = { market: 1, kind: kedge.OrderKind.Limit, side: kedge.Side.Short, size: kedge.base('2.5'), price: kedge.price('181.25') };
export const { data } = kedge.getPlaceOrdersInstruction({ signer: createNoopSigner(anybody), market: anybody, subAccount: anybody, orders: [order] });
export const failure: string | undefined = kedge.kedgeFailure({ InstructionError: [0, { Custom: 6000 }] })?.name;
`;
const DISCRIMINATOR = vectors.instructions.find(({ name }) => name === 'place_orders').built.data.slice(0, 16);

function judged({ data, failure }) {
    const text = Buffer.from(data).toString('hex');
    assert.equal(text.slice(0, 24), `${DISCRIMINATOR}01000000`);
    assert.equal(text.slice(-8), '01010000', 'a limit order to sell');
    assert.equal(failure, 'Overflow');
}

test('the package has what it says, its licence and no tests', () => {
    const list = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n');
    for (const name of [
        'LICENSE',
        'README.md',
        'package.json',
        'dist/src/index.js',
        'dist/src/index.d.ts',
        'src/index.ts',
    ]) {
        assert(list.includes(`package/${name}`), name);
    }
    assert(!list.some((name) => /test|generator|examples/.test(name)));
    assert.equal(readFileSync(join(CLIENT, 'LICENSE'), 'utf8'), readFileSync(here('../../../LICENSE'), 'utf8'));
});

test('publint has nothing to say', async () => {
    const pkg = JSON.parse(readFileSync(join(CLIENT, 'package.json'), 'utf8'));
    const packed = readFileSync(tarball);
    const { messages } = await publint({ pack: { tarball: new Uint8Array(packed).buffer }, strict: true });
    assert.deepEqual(
        messages.map((message) => formatMessage(message, pkg)),
        [],
    );
});

test('the types are right for whoever imports it', async () => {
    const { status, said } = await types;
    assert.equal(status, 0, said);
});

test('a bare project compiles with it, without the types of Node', () => {
    writeFileSync(join(project, 'use.ts'), USE);
    const options = {
        target: 'es2022',
        lib: ['es2023', 'dom'],
        module: 'nodenext',
        strict: true,
        types: [],
        noEmit: true,
        skipLibCheck: true,
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.ts'] }));
    const run = spawnSync(join(CLIENT, 'node_modules/.bin/tsc'), ['--project', project], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stdout);
});

test('a browser runs it: no process, no Buffer, no module of Node', async () => {
    const { outputFiles, warnings } = await build({
        stdin: { contents: USE, resolveDir: project, loader: 'ts' },
        bundle: true,
        format: 'iife',
        globalName: 'used',
        minify: true,
        platform: 'browser',
        target: 'es2022',
        write: false,
    });
    assert.deepEqual(warnings, []);
    const [{ text }] = outputFiles;
    const browser = {
        TextEncoder,
        TextDecoder,
        URL,
        AbortController,
        AbortSignal,
        EventTarget,
        Event,
        crypto,
        setTimeout,
        clearTimeout,
        fetch,
    };
    judged(runInNewContext(`${text}; used`, browser));
    console.log(`bundle for a browser: ${Math.round(text.length / 1024)} KiB`);
});

test('nothing of it asks for the process, and a bare project runs it', () => {
    const files = execFileSync('tar', ['-xzOf', tarball, 'package/dist/src'], { encoding: 'utf8', maxBuffer: 1 << 26 });
    assert(files.length > 100_000);
    assert.doesNotMatch(files, /\bprocess\.|\bBuffer\b|from ['"]node:/);
    writeFileSync(join(project, 'use.mjs'), USE.replace(': string | undefined', ''));
    const code = `const used = await import('./use.mjs');
        console.log(JSON.stringify({ data: [...used.data], failure: used.failure }));`;
    judged(
        JSON.parse(
            execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: project, encoding: 'utf8' }),
        ),
    );
});
