package tiles

import "maps"

// duty draws the layers of duty, for pages that ask for them (with=duty): each of them is
// read when a map opens it.
func (d *drawing) duty() {
	add := func(title, id, kind, from, part string, options object) {
		o := object{"layout": hidden}
		maps.Copy(o, options)
		d.add(from, title, id, kind, from, part, o)
	}
	fresh := d.say("街道新鲜度", "Freshness of streets")
	// From seen today to never: from faint to strong, so that what waits stands out.
	add(d.say("巡查新鲜度", "Freshness"), "freshness-cells", "fill", freshnessCells, freshnessCells, object{"maxzoom": partMin,
		"paint": object{"fill-opacity": 0.7, "fill-outline-color": d.halo,
			"fill-color": array{"step", array{"get", "month"}, d.palette.cells[4], 0.2, d.palette.cells[3], 0.4, d.palette.cells[2], 0.6, d.palette.cells[1], 0.8, d.palette.cells[0]}}})
	add(fresh, "freshness", "line", subjectFreshness, subjectFreshness, object{"paint": object{"line-width": zoomed(13, 1.5, 17, 6),
		"line-color": array{"match", array{"get", "class"}, "day", d.palette.cells[0], "week", d.palette.cells[1], "fortnight", d.palette.cells[2], "month", d.palette.cells[3], "older", d.palette.cells[4], d.incident}}})
	add(d.say("巡查路线", "Beats"), "beats", "line", subjectBeats, subjectBeats, object{"paint": object{"line-color": d.border, "line-width": 2, "line-dasharray": array{2, 1}}})
	add(d.say("打卡点", "Checkpoints"), "checkpoints", "circle", subjectCheckpoints, subjectCheckpoints, object{"paint": object{
		"circle-radius": zoomed(11, 2, 17, 6), "circle-color": d.halo, "circle-stroke-color": d.border, "circle-stroke-width": 2}})
	due := d.say("到期区块和走访", "Blocks and visits due")
	add(due, "due", "fill", subjectDue, subjectDue, object{"paint": object{"fill-opacity": 0.35,
		"fill-color": array{"case", array{"get", "due"}, d.incident, d.zone}}})
	add(due, "due-visits", "fill", subjectDue, dueVisits, object{"paint": object{"fill-outline-color": d.halo, "fill-opacity": 0.6,
		"fill-color": array{"step", array{"get", "overdue"}, d.palette.cells[0], 1, d.palette.cells[1], 5, d.palette.cells[2], 20, d.palette.cells[3]}}})
	add(d.say("三色场所", "Three-colour premises"), "premises", "circle", subjectPremises, subjectPremises, object{"paint": object{
		"circle-radius": zoomed(11, standsFor(2), 17, standsFor(6)), "circle-color": array{"match", array{"get", "grade"}, "red", d.grades[0], "yellow", d.grades[1], d.grades[2]},
		// Colours never stand alone: what is due has a dark ring.
		"circle-stroke-color": array{"case", array{"get", "due"}, d.text, d.halo}, "circle-stroke-width": array{"case", array{"get", "due"}, 2.5, 1}}})
	open := d.say("在办事件", "Open incidents")
	add(open, "incidents-live-cells", "fill", subjectLive, liveCells, object{"maxzoom": livePoint, "paint": object{"fill-opacity": 0.7, "fill-outline-color": d.halo,
		"fill-color": array{"step", array{"get", "open"}, d.palette.cells[0], 5, d.palette.cells[1], 20, d.palette.cells[2], 100, d.palette.cells[3]}}})
	add(open, "incidents-live", "circle", subjectLive, subjectLive, object{"paint": object{"circle-radius": zoomed(10, standsFor(1.8), 17, standsFor(6)),
		"circle-color": d.household, "circle-stroke-color": d.halo, "circle-stroke-width": 1}})
	add(open, "incidents-overdue", "circle", subjectLive, liveOverdue, object{"paint": object{"circle-radius": zoomed(10, standsFor(2.4), 17, standsFor(7)),
		"circle-color": d.incident, "circle-stroke-color": d.text, "circle-stroke-width": 2}})
}
