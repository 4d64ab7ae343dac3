package ledger

import (
	"math"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
)

// MaxAway is how far, in metres, a thing may lie from the box of all units and
// streets known here. A town is smaller; what lies farther is of another place
// or was mistyped.
const MaxAway geo.Meters = 50_000

// placer checks positions of one file. It is pure.
type placer struct {
	crs        crs.CRS
	geographic bool      // degrees, so that swapped and placeholder values can be told
	near       geo.Bound // the known world and MaxAway around it; empty = not known
}

func newPlacer(system crs.CRS, known geo.Bound) placer {
	return placer{crs: system, geographic: !system.Projected(), near: grown(known)}
}

// grown is the box with MaxAway added on every side.
func grown(b geo.Bound) geo.Bound {
	if b.Empty() {
		return b
	}
	const steps = float64(MaxAway) / geo.MetersPerDegree * geo.Scale
	lat := math.Max(math.Abs(float64(b.Min.Y)), math.Abs(float64(b.Max.Y))) / geo.Scale
	wide := steps / math.Max(0.1, math.Cos(lat*math.Pi/180))
	return geo.Bound{
		Min: geo.Point{X: clamp(float64(b.Min.X)-wide, 180), Y: clamp(float64(b.Min.Y)-steps, 90)},
		Max: geo.Point{X: clamp(float64(b.Max.X)+wide, 180), Y: clamp(float64(b.Max.Y)+steps, 90)},
	}
}

func clamp(v float64, degrees float64) int32 {
	return int32(math.Max(-degrees*geo.Scale, math.Min(degrees*geo.Scale, v)))
}

// short is a value for a report, cut to a length that fits a table.
func short(s string) string {
	runes := []rune(s)
	if len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return s
}

// placeholder reports coordinates that stand for a missing position.
func (p placer) placeholder(raw orb.Point) *Reason {
	switch {
	case raw[0] == 0 && raw[1] == 0:
		return p.reason(raw, ZeroPlace)
	case p.geographic && raw[0] == math.Trunc(raw[0]) && raw[1] == math.Trunc(raw[1]):
		return p.reason(raw, WholeDegrees)
	}
	return nil
}

// place turns the file's coordinates into a place on the lattice, or says what
// they look like instead.
func (p placer) place(raw orb.Point) (geo.Point, *Reason) {
	if why := p.placeholder(raw); why != nil {
		return geo.Point{}, why
	}
	at, ok := p.toLattice(raw)
	if ok && (p.near.Empty() || p.near.Contains(at)) {
		return at, nil
	}
	switch {
	case p.looksSwapped(raw, ok):
		return geo.Point{}, p.reason(raw, Swapped)
	case !ok:
		return geo.Point{}, p.reason(raw, OutOfRange)
	}
	return geo.Point{}, p.reason(raw, FarOutside)
}

// looksSwapped: the other way round it would be a place here; or it is a place
// on Earth only the other way round.
func (p placer) looksSwapped(raw orb.Point, valid bool) bool {
	at, ok := p.toLattice(orb.Point{raw[1], raw[0]})
	if p.near.Empty() {
		return p.geographic && ok && !valid
	}
	return ok && p.near.Contains(at)
}

func (p placer) toLattice(raw orb.Point) (geo.Point, bool) {
	if p.geographic && (math.Abs(raw[0]) > 180 || math.Abs(raw[1]) > 90) {
		return geo.Point{}, false
	}
	at, err := p.crs.ToWGS84(raw)
	if err != nil || !(math.Abs(at[0]) <= 180 && math.Abs(at[1]) <= 90) {
		return geo.Point{}, false
	}
	return geo.Snap(at), true
}

func (p placer) reason(raw orb.Point, code string) *Reason {
	text := strconv.FormatFloat(raw[0], 'f', -1, 64) + " " + strconv.FormatFloat(raw[1], 'f', -1, 64)
	return &Reason{Field: FieldLon, Value: short(text), Code: code}
}
