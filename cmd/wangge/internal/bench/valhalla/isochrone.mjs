// Draws 15-minute polygons with Valhalla and says what each cost.
//
//   node isochrone.mjs config.json places.json answers.json
//
// places.json is a list of [longitude, latitude]; answers.json has, for each, the
// processor time in ms (of the whole process, Valhalla's threads included) and the
// polygon as GeoJSON, or null where Valhalla has none.
import { readFileSync, writeFileSync } from 'node:fs'
import { Actor } from '@valhallajs/valhallajs'

const [config, input, output] = process.argv.slice(2)
const actor = await Actor.fromConfigFile(config)
const places = JSON.parse(readFileSync(input, 'utf8'))

async function draw([lon, lat]) {
  return await actor.isochrone(JSON.stringify({
    locations: [{ lon, lat }],
    costing: 'pedestrian',
    // As we walk: at 4 km/h, by the shortest way, without seconds for crossings.
    costing_options: { pedestrian: { walking_speed: 4, shortest: true } },
    contours: [{ time: 15 }],
    polygons: true,
    generalize: 0,
  }))
}

const answers = []
for (const warm of [false, true]) {
  for (const place of places) {
    const before = process.cpuUsage()
    let text = null
    try {
      text = await draw(place)
    } catch {
      // No street within its reach: nothing to compare.
    }
    const spent = process.cpuUsage(before)
    if (warm) {
      answers.push({ ms: (spent.user + spent.system) / 1000, area: text && JSON.parse(text).features[0].geometry })
    }
  }
}
writeFileSync(output, JSON.stringify(answers)) // Valhalla itself writes to the standard output
