// PouchDB's replication against express-pouchdb, for the benchmark: `node pouch.js VERB …`, one JSON line as the answer.
'use strict';
const fs = require('fs');
const path = require('path');
const modules = process.env.PEER_MODULES;
const load = (name) => require(path.join(modules, name));

// larger batches than the default of 100: the records are small, and this is what serves PouchDB best here
const SETTINGS = { batch_size: 1000, batches_limit: 10 };

function answer(value) {
  process.stdout.write(JSON.stringify(value) + '\n');
}

function serve(folder) {
  const PouchDB = load('pouchdb').defaults({ prefix: folder + path.sep });
  const face = load('express-pouchdb')(PouchDB, { mode: 'minimumForPouchDB', inMemoryConfig: true });
  const server = load('express')().use('/', face).listen(0, '127.0.0.1', () => answer({ port: server.address().port }));
}

async function fill(db, file) {
  const documents = fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  for (let start = 0; start < documents.length; start += 5000) await db.bulkDocs(documents.slice(start, start + 5000));
}

async function timed(work) {
  const began = process.hrtime.bigint();
  const result = await work();
  return { seconds: Number(process.hrtime.bigint() - began) / 1e9, written: result.docs_written, ok: result.ok };
}

// One program for a PC, told on its input what to do next, so that its line is kept alive from one order to the next.
async function client(folder, url) {
  const PouchDB = load('pouchdb');
  const db = new PouchDB(folder);
  const orders = {
    fill: (file) => fill(db, file).then(() => ({ ok: true })),
    push: () => timed(() => db.replicate.to(url, SETTINGS)),
    pull: () => timed(() => db.replicate.from(url, SETTINGS)),
    edit: (id, field, value) => db.get(id).then((document) => db.put({ ...document, [field]: value })),
    read: (id) => db.get(id),
  };
  const lines = require('readline').createInterface({ input: process.stdin });
  answer({ ok: true });
  for await (const line of lines) {
    const [verb, ...words] = JSON.parse(line);
    answer(await orders[verb](...words));
  }
}

const [verb, ...words] = process.argv.slice(2);
({ serve, client })[verb](...words);
