package api_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"testing"

	"github.com/google/uuid"

	"wangge/geo/borderwalk"
	"wangge/geo/staff"
)

// newBorderWalk is a walk of one point on the border between the grids of a town's draft.
func (w *towns) newBorderWalk(t testing.TB, town string, plan int64) (walk, point int64) {
	t.Helper()
	x := int32(8000)
	if town == theirs {
		x += 20000
	}
	planner, err := staff.Load(t.Context(), w.pool, w.accounts[town][staff.Planner])
	if err != nil {
		t.Fatal(err)
	}
	made, err := borderwalk.Make(t.Context(), w.pool, planner, plan, borderwalk.New{Name: town + "线", Points: []borderwalk.NewPoint{{At: place(x, 5000), Question: town + "墙在哪一侧?"}}})
	if err != nil {
		t.Fatal(err)
	}
	points, err := borderwalk.Points(t.Context(), w.pool, planner, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	return made.ID, points[0].ID
}

// borderWalkOf is a walk of the town's draft.
func (w *table) borderWalkOf(town string) (walk, point int64) {
	return w.newBorderWalk(w.t, town, number(w.things[town]["plan"]))
}

// borderAnswer is an answer that an account gave at a point of a town, with a photo.
func (w *table) borderAnswer(town string, who int64) (answer, photo uuid.UUID) {
	w.t.Helper()
	_, point := w.borderWalkOf(town)
	answer, photo = uuid.New(), uuid.New()
	if _, err := borderwalk.Say(w.t.Context(), w.pool, w.actor(who), point, borderwalk.Finding{ID: answer.String(), Verdict: borderwalk.Right}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := borderwalk.AddPhoto(w.t.Context(), w.pool, w.actor(who), answer, photo, snapshot()); err != nil {
		w.t.Fatal(err)
	}
	return answer, photo
}

// snapshot is a small photo.
func snapshot() []byte {
	var out bytes.Buffer
	_ = jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8)), nil)
	return out.Bytes()
}

// borderWalkExamples are those of border walks.
func borderWalkExamples() []example {
	const v1 = "/api/v1"
	ofPlan := func(more string) func(*table, string) request {
		return func(w *table, town string) request {
			return request{path: v1 + "/plans/" + w.things[town]["plan"] + more}
		}
	}
	ofWalk := func(more string) func(*table, string) request {
		return func(w *table, town string) request {
			walk, _ := w.borderWalkOf(town)
			return request{path: fmt.Sprintf("%s/border-walks/%d%s", v1, walk, more)}
		}
	}
	return []example{
		{"suggest-border-points", "", thing, ofPlan("/border-suggestions"), nil},
		{"make-border-walk", "", thing, func(w *table, town string) request {
			q := ofPlan("/border-walks")(w, town)
			q.body = object{"name": town + "线", "points": []object{{"at": place(w.x(town)+8000, 5000), "question": "沿路吗?"}}}
			return q
		}, nil},
		{"list-border-walks", "", thing, ofPlan("/border-walks"), nil},
		{"list-border-answers", "", thing, ofPlan("/border-answers"), nil},
		{"list-border-tasks", "", list, func(w *table, town string) request {
			w.borderWalkOf(town)
			return request{path: v1 + "/border-tasks?limit=1000", shows: marks}
		}, nil},
		{"get-border-walk", "", thing, ofWalk(""), nil},
		{"export-border-walk", "", thing, ofWalk("/gpx"), nil},
		{"hand-border-walk", "", thing, func(w *table, town string) request {
			q := ofWalk("/assignee")(w, town)
			q.body = object{}
			return q
		}, nil},
		{"remove-border-walk", "", thing, ofWalk(""), nil},
		{"answer-border-point", "", thing, func(w *table, town string) request {
			_, point := w.borderWalkOf(town)
			return request{path: fmt.Sprintf("%s/border-points/%d/answers", v1, point), body: object{"id": uuid.NewString(), "verdict": "wrong"}}
		}, nil},
		{"add-border-photo", "to one's own answer", self, func(w *table, town string) request {
			who := w.who
			if !w.actor(who).May(staff.Record) {
				who = w.other[town]
			}
			answer, _ := w.borderAnswer(town, who)
			return request{path: fmt.Sprintf("%s/border-answers/%s/photos/%s", v1, answer, uuid.New()), body: snapshot(), header: []string{"Content-Type", "image/jpeg"}}
		}, nil},
		{"get-border-photo", "of somebody else", thing, func(w *table, town string) request {
			answer, photo := w.borderAnswer(town, w.other[town])
			return request{path: fmt.Sprintf("%s/border-answers/%s/photos/%s", v1, answer, photo)}
		}, nil},
	}
}
