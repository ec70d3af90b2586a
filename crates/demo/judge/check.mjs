// Judges a report of the demo: html-validate (the HTML standard, accessibility), axe-core (WCAG 2.2 A and AA) in jsdom,
// and what neither can see without a layout: sizes of text, contrast, what a narrow screen does.
//
//     node check.mjs report.html

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import axe from 'axe-core';
import { HtmlValidate } from 'html-validate';
import { JSDOM } from 'jsdom';

/** Smallest text that can be read on a phone, pixels. */
const SMALLEST = 12;
/** WCAG AA for text. */
const CONTRAST = 4.5;

const [file] = process.argv.slice(2);
assert(file, 'usage: node check.mjs report.html');
const html = readFileSync(file, 'utf8');

async function standard() {
    // Positions of labels and markers are data, so they stand in style attributes.
    const validate = new HtmlValidate({ extends: ['html-validate:standard', 'html-validate:a11y'] });
    const { valid, results } = await validate.validateString(html);
    const said = results.flatMap(({ messages }) =>
        messages.map(({ ruleId, message, line, column }) => `${ruleId} ${line}:${column} ${message}`),
    );
    assert(valid, `html-validate:\n${said.slice(0, 20).join('\n')}`);
}

async function accessible() {
    const { window } = new JSDOM(html, { runScripts: 'outside-only', pretendToBeVisual: true });
    window.eval(axe.source);
    const options = {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        // Needs a layout; `readable` computes it from the style sheet.
        rules: { 'color-contrast': { enabled: false } },
    };
    const { violations, passes } = await window.axe.run(window.document, options);
    const said = violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes[0].html.slice(0, 160)}`);
    assert.equal(said.length, 0, `axe-core:\n${said.join('\n')}`);
    assert(passes.length > 15, `axe-core looked at ${passes.length} rules only`);
    return window.document;
}

function luminance(colour) {
    const full = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join('') : colour.slice(1);
    const [red, green, blue] = [0, 2, 4]
        .map((at) => Number.parseInt(full.slice(at, at + 2), 16) / 255)
        .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function readable(document) {
    const style = document.querySelector('style').textContent;
    const sizes = [...style.matchAll(/font(?:-size)?:\s*(?:[a-z ]*\s)?([\d.]+)(px|rem)/g)].map(
        ([, number, unit]) => Number(number) * (unit === 'rem' ? 16 : 1),
    );
    assert(sizes.length > 5 && Math.min(...sizes) >= SMALLEST, `text of ${Math.min(...sizes)} pixels`);
    // A chart's words would shrink with it.
    assert.equal(document.querySelectorAll('svg text').length, 0, 'text inside of a chart');
    assert.match(document.querySelector('meta[name=viewport]').content, /width=device-width/);

    const palettes = [...style.matchAll(/:root \{([^}]*)\}/g)].map(([, rules]) =>
        Object.fromEntries([...rules.matchAll(/--(\w+): (#[0-9a-f]{3,6})/g)].map(([, name, value]) => [name, value])),
    );
    assert.equal(palettes.length, 2, 'a light and a dark palette');
    for (const { paper, grid, ...inks } of palettes) {
        for (const [name, ink] of Object.entries(inks)) {
            const [dark, light] = [luminance(paper), luminance(ink)].sort((a, b) => a - b);
            const contrast = (light + 0.05) / (dark + 0.05);
            assert(contrast >= CONTRAST, `--${name} on --paper (${grid}): contrast ${contrast.toFixed(2)}`);
        }
    }
}

/** On a narrow screen tables are cards whose cells name themselves, and nothing has a width of its own. */
function narrow(document) {
    const style = document.querySelector('style').textContent;
    assert.match(style, /@media \(max-width: 640px\)/);
    for (const [, number] of style.matchAll(/(?:^|[\s;{])(?:min-)?width:\s*(\d+)px/g)) {
        assert(Number(number) <= 320, `something is ${number} pixels wide`);
    }
    for (const cell of document.querySelectorAll('td')) assert(cell.dataset.label, `a cell without a name: ${cell}`);
}

/** What looks different in colour looks different without it. */
function colourless(document) {
    const style = document.querySelector('style').textContent;
    const dashes = [...style.matchAll(/\.look(\d) \{[^}]*\}/g)].map(([rule]) => /dasharray: ([^;}]*)/.exec(rule)?.[1]);
    assert(dashes.length >= 9 && new Set(dashes).size === dashes.length, 'two lines with the same dashes');
    for (const plot of document.querySelectorAll('.plot')) {
        const looks = [...plot.querySelectorAll('polyline')].map((line) => line.getAttribute('class'));
        assert.equal(new Set(looks).size, looks.length, `two lines of a chart look the same: ${looks}`);
    }
    for (const marker of document.querySelectorAll('.marker')) assert.match(marker.textContent, /^[▲▼]$/);
}

/** What can be taken away is what it says it is. */
function downloads(document) {
    const links = [...document.querySelectorAll('a[download]')];
    assert(links.length >= 4, `${links.length} downloads`);
    for (const link of links) {
        const [kind, data] = link.href.split(';base64,');
        const text = Buffer.from(data, 'base64').toString();
        if (kind.endsWith('json')) JSON.parse(text);
        if (kind.endsWith('csv')) {
            const rows = text.trimEnd().split('\n').map((row) => row.split(',').length);
            assert(rows.length >= 1 && new Set(rows).size === 1, `${link.download}: rows of different lengths`);
        }
    }
}

/** Holds that the page has every key figure. */
function complete(document) {
    const text = document.body.textContent;
    for (const wanted of ['premium', 'Volume, USD', 'Spread, bp', 'Depth in 25 bp', 'Slippage, bp', 'Insurance funds', 'funding rate']) {
        assert(text.includes(wanted), `nothing is said of ${wanted}`);
    }
    assert.match(text, /\d+ equations to the last unit, \d+ accounts' invariants/);
    const steps = [...document.querySelectorAll('table')].find(({ caption }) => caption.textContent.startsWith('Every step'));
    assert.equal(steps.tBodies[0].rows.length, document.querySelectorAll('.marker').length, 'liquidations: table and charts differ');
}

await standard();
const document = await accessible();
readable(document);
narrow(document);
colourless(document);
downloads(document);
complete(document);
console.log(`${file}: html-validate and axe-core have no objection`);
