// Package loom is the division that the page edits, as the page talks to it: questions
// and answers in JSON over a topology.Fabric. What the planner does is put into the
// fabric at once and stays pending until the server has said what became of it.
//
// Everything that decides is in package topology, the same code as on the server, so
// that what the page shows is what the server stores.
package loom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/topology"
)

// Loom is a fabric and what is pending on it. Its zero value has nothing woven.
type Loom struct {
	fabric  *topology.Fabric
	pending []pending // as they were done
}

// pending is an operation that the server has not confirmed.
type pending struct {
	key   string
	op    topology.Op
	patch topology.Patch
}

// Piece is a unit's land and its measures. One that is gone has no area.
type Piece struct {
	ID           int              `json:"id"`
	Area         orb.MultiPolygon `json:"area"`
	SquareMeters geo.SquareMeters `json:"area_m2"`
	Compactness  float64          `json:"compactness"`
}

// Land is a unit's land as it comes from the server.
type Land struct {
	ID     int              `json:"id"`
	Area   orb.MultiPolygon `json:"area"`
	Locked bool             `json:"locked"`
}

// Change is what became of a unit's land at the server.
type Change struct {
	ID     int              `json:"id"`
	Before orb.MultiPolygon `json:"before"`
	After  orb.MultiPolygon `json:"after"`
}

// Refusal says why something was not done, and where.
type Refusal struct {
	Code   string      `json:"code"`
	Title  string      `json:"title"`
	Detail string      `json:"detail"`
	At     *[2]float64 `json:"at"`
}

// Dropped is a pending operation that does not fit any more.
type Dropped struct {
	Key    string  `json:"key"`
	Reason Refusal `json:"reason"`
}

// Settled is what the server's answer changed.
type Settled struct {
	Pieces  []Piece   `json:"pieces"`
	Dropped []Dropped `json:"dropped"`
}

// Near is a place on a border, as topology.Near.
type Near struct {
	At       orb.Point   `json:"at"`
	Vertex   bool        `json:"vertex"`
	Edge     []orb.Point `json:"edge"`
	Junction bool        `json:"junction"`
	Rim      bool        `json:"rim"`
	Units    []int       `json:"units"`
	Away     geo.Meters  `json:"away"`
}

// BorderPoint is a vertex of a unit, as topology.BorderPoint.
type BorderPoint struct {
	At       orb.Point `json:"at"`
	Junction bool      `json:"junction"`
	Rim      bool      `json:"rim"`
}

var errUnwoven = fault.New(fault.Invalid, "division_unwoven", "There is no division yet.")

// Ask answers one question. The answer is {"is": …} or {"refused": Refusal}.
func (l *Loom) Ask(what, body string) string {
	is, err := l.answer(what, []byte(body))
	answer := map[string]any{"is": is}
	if err != nil {
		answer = map[string]any{"refused": refusal(err)}
	}
	raw, err := json.Marshal(answer)
	if err != nil { // a figure that is no number; nothing else of ours can fail
		raw, _ = json.Marshal(map[string]any{"refused": refusal(err)})
	}
	return string(raw)
}

func refusal(err error) Refusal {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return Refusal{Code: "engine", Title: err.Error()}
	}
	r := Refusal{Code: f.Code, Title: f.Msg, Detail: f.Detail}
	if len(f.Places) > 0 {
		r.At = f.Places[0].At
	}
	return r
}

func (l *Loom) answer(what string, body []byte) (any, error) {
	if l.fabric == nil && what != "weave" {
		return nil, errUnwoven
	}
	switch what {
	case "weave":
		return with(body, l.weave)
	case "lock":
		return with(body, l.lock)
	case "try":
		return with(body, l.try)
	case "do":
		return with(body, l.do)
	case "settle":
		return with(body, l.settle)
	case "border":
		return with(body, l.border)
	case "near":
		return with(body, l.near)
	case "snap":
		return with(body, l.snap)
	case "points":
		return with(body, l.points)
	}
	return nil, fmt.Errorf("there is no question %q", what)
}

// with reads a question's body and asks it.
func with[Q any](body []byte, ask func(Q) (any, error)) (any, error) {
	var q Q
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	return ask(q)
}

type weaving struct {
	Rim   orb.MultiPolygon `json:"rim"`
	Units []Land           `json:"units"`
}

// weave starts again with a division; what was pending is forgotten.
func (l *Loom) weave(q weaving) (any, error) {
	pieces := map[int]geo.MultiPolygon{}
	for _, u := range q.Units {
		if len(u.Area) > 0 {
			pieces[u.ID] = geo.FromOrb(u.Area)
		}
	}
	f, err := topology.Weave(context.Background(), geo.FromOrb(q.Rim), pieces)
	if err != nil {
		return nil, err
	}
	for _, u := range q.Units {
		f.Lock(u.ID, u.Locked)
	}
	*l = Loom{fabric: f}
	return l.pieces(f.Pieces()), nil
}

type locking struct {
	Units  []int `json:"units"`
	Locked bool  `json:"locked"`
}

func (l *Loom) lock(q locking) (any, error) {
	for _, id := range q.Units {
		l.fabric.Lock(id, q.Locked)
	}
	return nil, nil
}

// try says how the units would be after an operation.
func (l *Loom) try(op topology.Op) (any, error) {
	p, err := l.fabric.Try(op)
	if err != nil {
		return nil, err
	}
	pieces := make([]Piece, len(p))
	for i, c := range p {
		pieces[i] = piece(c.ID, c.After)
	}
	return pieces, nil
}

type doing struct {
	Key string      `json:"key"`
	Op  topology.Op `json:"op"`
}

// do makes an operation; under its key it is pending.
func (l *Loom) do(q doing) (any, error) {
	p, err := l.fabric.Apply(q.Op)
	if err != nil {
		return nil, err
	}
	l.pending = append(l.pending, pending{q.Key, q.Op, p})
	return l.pieces(touched(p)), nil
}

type settling struct {
	// Key is the pending operation that the server's answer is about, if any.
	Key string `json:"key"`
	// Changes are what the server did, one list after the other: what others did
	// first, then what this operation did. None when it was refused.
	Changes [][]Change `json:"changes"`
}

// settle takes the server's word: pending operations are taken back, what the server
// did is put, and those still pending are made again on top. ErrMoved means that this
// fabric is not what the server changed, and nothing is done.
func (l *Loom) settle(q settling) (any, error) {
	patches := make([]topology.Patch, len(q.Changes))
	for i, list := range q.Changes {
		for _, c := range list {
			patches[i] = append(patches[i], topology.Change{ID: c.ID, Before: land(c.Before), After: land(c.After)})
		}
	}
	if l.foreseen(q.Key, patches) {
		l.pending = l.pending[1:]
		return Settled{Pieces: []Piece{}, Dropped: []Dropped{}}, nil
	}
	before := l.state(patches)
	if err := l.putAll(patches); err != nil {
		return nil, err
	}
	dropped := []Dropped{}
	again := l.pending
	l.pending = nil
	for _, p := range again {
		if p.key == q.Key {
			continue
		}
		patch, err := l.fabric.Apply(p.op)
		if err != nil {
			dropped = append(dropped, Dropped{p.key, refusal(err)})
			continue
		}
		l.pending = append(l.pending, pending{p.key, p.op, patch})
	}
	ids := l.state(patches)
	maps.Copy(ids, before)
	maps.DeleteFunc(ids, func(id int, _ geo.MultiPolygon) bool {
		was, known := before[id]
		return known && same(was, l.fabric.Area(id))
	})
	return Settled{Pieces: l.pieces(slices.Sorted(maps.Keys(ids))), Dropped: dropped}, nil
}

// foreseen reports whether the server did exactly what the oldest pending operation
// did here.
func (l *Loom) foreseen(key string, patches []topology.Patch) bool {
	var did topology.Patch
	for _, p := range patches {
		if len(did) > 0 && len(p) > 0 {
			return false
		}
		did = append(did, p...)
	}
	return len(l.pending) > 0 && l.pending[0].key == key && slices.EqualFunc(l.pending[0].patch, did, func(a, b topology.Change) bool {
		return a.ID == b.ID && same(a.Before, b.Before) && same(a.After, b.After)
	})
}

// putAll takes everything pending back and puts the patches, all or none.
func (l *Loom) putAll(patches []topology.Patch) error {
	for _, p := range slices.Backward(l.pending) {
		if err := l.fabric.Put(p.patch.Inverse()); err != nil {
			return err
		}
	}
	for i, p := range patches {
		if err := l.fabric.Put(p); err != nil {
			for _, done := range slices.Backward(patches[:i]) {
				_ = l.fabric.Put(done.Inverse()) // it was put just now
			}
			for _, again := range l.pending {
				_ = l.fabric.Put(again.patch)
			}
			return err
		}
	}
	return nil
}

// state is the land of every unit that a patch or something pending touches.
func (l *Loom) state(patches []topology.Patch) map[int]geo.MultiPolygon {
	out := map[int]geo.MultiPolygon{}
	for _, p := range l.pending {
		patches = append(patches, p.patch)
	}
	for _, p := range patches {
		for _, c := range p {
			out[c.ID] = l.fabric.Area(c.ID)
		}
	}
	return out
}

type bordering struct {
	Edge [2]orb.Point `json:"edge"`
}

// border lists the points of the border with an edge, between its junctions.
func (l *Loom) border(q bordering) (any, error) {
	points := []orb.Point{}
	for _, p := range l.fabric.Border([2]geo.Point{geo.Snap(q.Edge[0]), geo.Snap(q.Edge[1])}) {
		points = append(points, p.Degrees())
	}
	return points, nil
}

type seeking struct {
	At    orb.Point     `json:"at"`
	Reach geo.Meters    `json:"reach"`
	Lines [][]orb.Point `json:"lines"`
}

// near is the border point or edge near a place; nothing when none is in reach.
func (l *Loom) near(q seeking) (any, error) {
	n, ok := l.fabric.Near(geo.Snap(q.At), q.Reach)
	if !ok {
		return nil, nil
	}
	out := Near{At: n.At.Degrees(), Vertex: n.Vertex, Edge: []orb.Point{}, Junction: n.Ends > 2, Rim: n.Rim, Units: n.Units, Away: n.Away}
	if !n.Vertex {
		out.Edge = []orb.Point{n.Edge[0].Degrees(), n.Edge[1].Degrees()}
	}
	return out, nil
}

// snap is the place near another one on the lines given, or else on a border; nothing
// when none is in reach.
func (l *Loom) snap(q seeking) (any, error) {
	lines := make([][]geo.Point, len(q.Lines))
	for i, line := range q.Lines {
		for _, p := range line {
			lines[i] = append(lines[i], geo.Snap(p))
		}
	}
	at, ok := topology.SnapTo(geo.Snap(q.At), lines, q.Reach)
	if !ok {
		return nil, nil
	}
	return at.Degrees(), nil
}

type pointing struct {
	Units []int `json:"units"`
}

// points are the border points of units, ring by ring.
func (l *Loom) points(q pointing) (any, error) {
	rings := [][]BorderPoint{}
	for _, id := range q.Units {
		for _, ring := range l.fabric.BorderPoints(id) {
			points := make([]BorderPoint, len(ring))
			for i, p := range ring {
				points[i] = BorderPoint{At: p.At.Degrees(), Junction: p.Ends > 2, Rim: p.Rim}
			}
			rings = append(rings, points)
		}
	}
	return rings, nil
}

func (l *Loom) pieces(ids []int) []Piece {
	out := make([]Piece, len(ids))
	for i, id := range ids {
		out[i] = piece(id, l.fabric.Area(id))
	}
	return out
}

func piece(id int, area geo.MultiPolygon) Piece {
	p := Piece{ID: id, SquareMeters: area.SquareMeters(), Compactness: area.Compactness()}
	if len(area) > 0 {
		p.Area = area.Orb()
	}
	return p
}

func touched(p topology.Patch) []int {
	ids := make([]int, len(p))
	for i, c := range p {
		ids[i] = c.ID
	}
	return ids
}

// land is an area of the server; one without land is as one that is not there.
func land(a orb.MultiPolygon) geo.MultiPolygon {
	if len(a) == 0 {
		return nil
	}
	return geo.FromOrb(a)
}

func same(a, b geo.MultiPolygon) bool {
	return slices.EqualFunc(a, b, func(p, q geo.Polygon) bool {
		return slices.EqualFunc(p, q, func(r, s geo.Ring) bool { return slices.Equal(r, s) })
	})
}
