// Runs http-cache-tests through a cache: node cache_tests.mjs ORIGIN_PORT CACHE_URL
// Prints {id: {kind, depends_on, result}} for all tests of caches that are no browsers.
import http from 'http'
import fetch from 'node-fetch'
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs'
import handleConfig from 'http-cache-tests/server/handle-config.mjs'
import handleState from 'http-cache-tests/server/handle-state.mjs'
import handleTest from 'http-cache-tests/server/handle-test.mjs'
import suites from 'http-cache-tests/tests/index.mjs'

const [port, base] = process.argv.slice(2)
const handlers = { config: handleConfig, state: handleState, test: handleTest }

// The server of the package listens on all addresses of the machine.
const server = http.createServer((request, response) => {
  const parts = new URL(request.url, base).pathname.split('/').slice(1)
  handlers[parts.shift()](parts, request, response)
})
server.listen(Number(port), '127.0.0.1', async () => {
  const print = console.log
  console.log = () => {}
  await runTests(suites, fetch, false, base)
  const results = getResults()
  const found = suites.flatMap(suite => suite.tests)
    .filter(test => test.id in results)
    .map(({ id, kind = 'required', depends_on: needs = [] }) =>
      [id, { kind, needs, result: results[id] }])
  print(JSON.stringify(Object.fromEntries(found)))
  process.exit(0)
})
