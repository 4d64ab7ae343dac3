// Lays tracks on streets with Valhalla and says what each cost.
//
//   node trace.mjs config.json tracks.json answers.json
//
// tracks.json is a list of requests to trace_attributes; answers.json has, for each, the
// processor time in ms (of the whole process, Valhalla's threads included) and the
// streets as lines of [longitude, latitude], none where Valhalla matches nothing.
import { readFileSync, writeFileSync } from 'node:fs'
import { Actor } from '@valhallajs/valhallajs'

const [config, input, output] = process.argv.slice(2)
const actor = await Actor.fromConfigFile(config)
const requests = JSON.parse(readFileSync(input, 'utf8')).map((r) => JSON.stringify(r))

// Google's polyline with six digits.
function decode(text) {
  const at = [0, 0]
  const line = []
  let shift = 0
  let value = 0
  let which = 0
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i) - 63
    value |= (byte & 31) << shift
    shift += 5
    if (byte >= 32) continue
    at[which] += value & 1 ? ~(value >> 1) : value >> 1
    if (which === 1) line.push([at[1] / 1e6, at[0] / 1e6])
    which = 1 - which
    shift = value = 0
  }
  return line
}

const answers = []
for (const warm of [false, true]) {
  for (const request of requests) {
    const before = process.cpuUsage()
    let text = null
    try {
      text = await actor.traceAttributes(request)
    } catch {
      // Nothing can be matched.
    }
    const spent = process.cpuUsage(before)
    if (!warm) continue
    let lines = []
    if (text) {
      const { shape, edges } = JSON.parse(text)
      const whole = decode(shape)
      lines = edges.map((e) => whole.slice(e.begin_shape_index, e.end_shape_index + 1))
    }
    answers.push({ ms: (spent.user + spent.system) / 1000, lines })
  }
}
writeFileSync(output, JSON.stringify(answers))
