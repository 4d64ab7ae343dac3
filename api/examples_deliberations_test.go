package api_test

import (
	"fmt"
	"time"

	"wangge/geo"
	"wangge/geo/deliberation"
	"wangge/geo/grid"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// tomorrow is a day for which a plan may be adopted.
func tomorrow() geo.Day { return geo.DayOf(time.Now().Add(24 * time.Hour)) }

// unadopt makes drafts of the adopted plans of a town, so that its units can be decided
// again.
func (w *table) unadopt(town string) {
	if _, err := w.pool.Exec(w.t.Context(), `UPDATE plan SET state = 'draft', effective_on = NULL, adopted_by = NULL, adopted_at = NULL, job_id = NULL, scope = NULL, digest = NULL
		WHERE state = 'adopted' AND starts_with(name, $1)`, town); err != nil {
		w.t.Fatal(err)
	}
}

// adopted is a plan of a town that waits for its day.
func (w *table) adopted(town string) int64 {
	w.unadopt(town)
	p := w.draftOf(town, false)
	if _, err := plan.Adopt(w.t.Context(), w.pool, w.queue, w.actor(w.other[town]), p.ID, p.Revision, tomorrow()); err != nil {
		w.t.Fatal(err)
	}
	return p.ID
}

// consulted is a draft of a town that residents are shown.
func (w *table) consulted(town string, draft int64) int64 {
	_, err := deliberation.Open(w.t.Context(), w.pool, staff.Local, deliberation.Consultation{PlanID: draft, Title: town + "征求意见", OpensOn: grid.Today(), ClosesOn: tomorrow()})
	if err != nil {
		w.t.Fatal(err)
	}
	return draft
}

// mapOpen opens the public map, until it is closed by the last of these examples.
func (w *table) mapOpen(r request) request {
	if _, err := w.pool.Exec(w.t.Context(), `UPDATE setting SET value = to_jsonb(CASE key WHEN 'public_map' THEN 'true' ELSE '浙S(2026)1号' END) WHERE key IN ('public_map', 'review_number')`); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// deliberationExamples are those of what happens between a draft and the plan in force.
func deliberationExamples() []example {
	const v1 = "/api/v1"
	path := func(id int64, more string) string { return fmt.Sprintf("%s/plans/%d%s", v1, id, more) }
	comment := func(w *table, town string) object {
		return object{"point": place(w.x(town)+3000, 5000), "body": "沿河划界"}
	}
	return []example{
		{"plan-checklist", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/checklist")}
		}, nil},
		{"withdraw-plan", "", thing, func(w *table, town string) request {
			return request{path: path(w.adopted(town), "/withdrawal"), body: object{}}
		}, nil},
		{"renew-plan", "", thing, func(w *table, town string) request {
			p := w.draftOf(town, false)
			return request{path: path(p.ID, "/renewal"), body: object{"revision": p.Revision}}
		}, nil},
		{"roll-back-plan", "", thing, func(w *table, town string) request {
			p := w.draftOf(town, false)
			if _, err := plan.Publish(w.t.Context(), w.pool, w.actor(w.other[town]), p.ID, p.Revision, grid.Today(), quiet); err != nil {
				w.t.Fatal(err)
			}
			return request{path: path(p.ID, "/rollback"), body: object{}}
		}, nil},
		{"list-stopped-plans", "", list, func(w *table, town string) request {
			for _, town := range []string{ours, theirs} {
				id := w.adopted(town)
				if _, err := w.pool.Exec(w.t.Context(), `UPDATE job SET state = 'failed', finished_at = now() WHERE id = (SELECT job_id FROM plan WHERE id = $1)`, id); err != nil {
					w.t.Fatal(err)
				}
			}
			return request{path: v1 + "/stopped-plans", shows: marks}
		}, nil},
		{"list-procedures", "", general, at(v1 + "/procedures"), nil},
		{"follow-procedure", "", general, sending(v1+"/procedures/direct/use", object{}), nil},
		{"plan-stages", "", thing, of(v1+"/plans/{}/stages", "plan"), nil},
		{"take-stage", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/stages"), body: object{"stage": "proposal", "outcome": "passed", "revision": 1}}
		}, []string{"stage_not_next"}},
		{"plan-comments", "", thing, of(v1+"/plans/{}/comments", "plan"), nil},
		{"comment-on-plan", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/comments"), body: comment(w, town)}
		}, nil},
		{"judge-comment", "", thing, func(w *table, town string) request {
			id := w.draftOf(town, false).ID
			c, err := deliberation.Say(w.t.Context(), w.pool, staff.Local, id, geo.Snap(place(w.x(town)+3000, 5000)), "沿河划界")
			if err != nil {
				w.t.Fatal(err)
			}
			return request{path: path(id, fmt.Sprintf("/comments/%d", c.ID)), body: object{"resolved": true}}
		}, nil},
		{"plan-consultation", "", thing, of(v1+"/plans/{}/consultation", "plan"), nil},
		{"open-consultation", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/consultation"), body: object{"title": town + "征求意见", "closes_on": tomorrow().String()}}
		}, nil},
		{"close-consultation", "", thing, func(w *table, town string) request {
			return request{path: path(w.consulted(town, w.draftOf(town, false).ID), "/consultation")}
		}, nil},
		{"list-consultations", "once the public map is open", open, func(w *table, town string) request {
			return w.mapOpen(request{path: v1 + "/public/consultations"})
		}, nil},
		{"get-consultation", "once the public map is open", open, func(w *table, town string) request {
			return w.mapOpen(request{path: fmt.Sprintf("%s/public/consultations/%d", v1, w.consulted(town, w.draftOf(town, false).ID))})
		}, nil},
		{"consultation-comments", "once the public map is open", open, func(w *table, town string) request {
			return w.mapOpen(request{path: fmt.Sprintf("%s/public/consultations/%d/comments", v1, w.consulted(town, w.draftOf(town, false).ID))})
		}, nil},
		{"consulted-units", "once the public map is open", open, func(w *table, town string) request {
			return w.mapOpen(request{path: fmt.Sprintf("%s/public/consultations/%d/units", v1, w.consulted(town, w.draftOf(town, false).ID)), body: object{"point": place(w.x(town)+1000, 5000)}})
		}, nil},
		{"say-as-resident", "once the public map is open", open, func(w *table, town string) request {
			return w.mapOpen(request{path: fmt.Sprintf("%s/public/consultations/%d/comments", v1, w.consulted(town, w.draftOf(town, false).ID)), body: comment(w, town)})
		}, nil},
		{"put-public-settings", "to close the map", general, sending(v1+"/public/settings", object{"service": true, "map": false}), nil},
	}
}
