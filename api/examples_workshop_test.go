package api_test

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/geo/plan"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// edited is a draft of a town with one step done.
func (w *table) edited(town string) (id int64, revision int) {
	w.t.Helper()
	p := w.draftOf(town, false)
	out, err := plan.NewWorkshop(w.pool, nil).Do(w.t.Context(), w.actor(w.other[town]), p.ID, plan.Request{Revision: p.Revision, Key: uuid.NewString(),
		Edit: plan.Edit{Op: topology.Op{Kind: plan.NameUnit, Units: []int{1}}, Name: town + "一网格"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return p.ID, out.Revision
}

// waivable is a rule of a draft's set that may be waived.
func (w *table) waivable(id int64) int64 {
	w.t.Helper()
	set, err := ruleset.Of(w.t.Context(), w.pool, staff.Local, id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range set.Rules {
		if r.May() {
			return r.ID
		}
	}
	w.t.Fatal("no rule may be waived")
	return 0
}

// workshopExamples are those of drafts being edited.
func workshopExamples() []example {
	const v1 = "/api/v1"
	path := func(id int64, more string) string { return fmt.Sprintf("%s/plans/%d%s", v1, id, more) }
	return []example{
		{"create-plan", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/plans", body: object{"name": town + "方案", "base": w.things[town]["village"]}}
		}, nil},
		{"describe-plan", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, ""), body: object{"note": "会后"}}
		}, nil},
		{"duplicate-plan", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/duplicate"), body: object{"name": town + "另案"}}
		}, nil},
		{"restore-plan", "", thing, func(w *table, town string) request {
			p := w.draftOf(town, false)
			if _, err := plan.Abandon(w.t.Context(), w.pool, w.actor(w.other[town]), p.ID); err != nil {
				w.t.Fatal(err)
			}
			return request{path: path(p.ID, "/restore"), body: object{}}
		}, nil},
		{"plan-division", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/division")}
		}, nil},
		{"plan-facts", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/facts")}
		}, nil},
		{"plan-atoms", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/atoms?grain=block")}
		}, nil},
		{"plan-waivers", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/waivers")}
		}, nil},
		{"edit-plan", "", thing, func(w *table, town string) request {
			p := w.draftOf(town, false)
			x := w.x(town) + 4000
			line := []orb.Point{place(x, -10), place(x, 10010)}
			return request{path: path(p.ID, "/edits"), body: object{"revision": p.Revision, "key": uuid.NewString(),
				"edit": object{"kind": "split", "units": []int{1}, "into": 3, "line": line}}}
		}, nil},
		{"use-rules", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/rules"), body: object{"rule_set": 0}}
		}, nil},
		{"waive-rule", "", thing, func(w *table, town string) request {
			p := w.draftOf(town, false)
			return request{path: path(p.ID, "/waivers"), body: object{"rule": w.waivable(p.ID), "unit": 1, "reason": "会议决定"}}
		}, nil},
		{"unwaive-rule", "", thing, func(w *table, town string) request {
			p := w.draftOf(town, false)
			rule := w.waivable(p.ID)
			if err := ruleset.Waive(w.t.Context(), w.pool, w.actor(w.other[town]), p.ID, rule, 1, "会议决定"); err != nil {
				w.t.Fatal(err)
			}
			return request{path: path(p.ID, fmt.Sprintf("/waivers/%d/1", rule))}
		}, nil},
		{"undo-plan", "", thing, func(w *table, town string) request {
			id, revision := w.edited(town)
			return request{path: path(id, "/undo"), body: object{"revision": revision}}
		}, nil},
		{"redo-plan", "", thing, func(w *table, town string) request {
			id, revision := w.edited(town)
			out, err := plan.NewWorkshop(w.pool, nil).Undo(w.t.Context(), w.actor(w.other[town]), id, revision)
			if err != nil {
				w.t.Fatal(err)
			}
			return request{path: path(id, "/redo"), body: object{"revision": out.Revision}}
		}, nil},
		{"plan-steps", "", thing, func(w *table, town string) request {
			id, _ := w.edited(town)
			return request{path: path(id, "/steps")}
		}, nil},
		{"plan-presence", "", thing, func(w *table, town string) request {
			return request{path: path(w.draftOf(town, false).ID, "/presence"), body: object{"unit": 1}}
		}, nil},
	}
}
