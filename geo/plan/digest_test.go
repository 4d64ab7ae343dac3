package plan_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

func TestTheDigestIsThatOfTheDocumentedBytes(t *testing.T) {
	units := []plan.Unit{
		{Role: plan.Part, Code: "2", Name: "东", Parent: "1", Area: geo.MultiPolygon{{{{X: 2, Y: 0}, {X: 2, Y: 1}, {X: 1, Y: 0}}}}},
		{Role: plan.Excluded, Code: "gap:7", Name: "湖", Parent: "1", Area: geo.MultiPolygon{{{{X: -1, Y: 0}, {X: 0, Y: 0}, {X: 0, Y: 1}}}}},
	}
	// As docs/exchange.md writes it down.
	var b bytes.Buffer
	b.WriteString("wangge plan 1\n" + "\x00\x00\x00\x04grid")
	b.WriteString("\x00\x00\x00\x00") // no unit above is redrawn
	b.WriteString("\x00\x00\x00\x01" + "\x00\x00\x00\x012" + "\x00\x00\x00\x03东" + "\x00\x00\x00\x011")
	b.WriteString("\x00\x00\x00\x01" + "\x00\x00\x00\x03" +
		"\x00\x00\x00\x01\x00\x00\x00\x00" + "\x00\x00\x00\x02\x00\x00\x00\x00" + "\x00\x00\x00\x02\x00\x00\x00\x01" + "\x00\x00\x00\x00")
	b.WriteString("\x00\x00\x00\x01" + "\x00\x00\x00\x03湖" + "\x00\x00\x00\x011")
	b.WriteString("\x00\x00\x00\x01" + "\x00\x00\x00\x03" +
		"\xff\xff\xff\xff\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x00")
	sum := sha256.Sum256(b.Bytes())
	if got, want := plan.Digest("grid", units), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// division is three units: one with two parts of which the first has two holes, one
// whose ring passes its most western point twice, and one in a hole.
func division() []plan.Unit {
	ring := func(xy ...int32) (r geo.Ring) {
		for i := 0; i < len(xy); i += 2 {
			r = append(r, geo.Point{X: xy[i], Y: xy[i+1]})
		}
		return r
	}
	return []plan.Unit{
		{Role: plan.Parent, Code: "1", Name: "镇", Area: geo.MultiPolygon{{ring(0, 0, 50, 0, 50, 50, 0, 50)}}},
		{Role: plan.Part, Code: "101", Name: "𠮷", Parent: "1", Area: geo.MultiPolygon{
			{ring(0, 0, 20, 0, 20, 20, 0, 20), ring(2, 2, 2, 4, 4, 4, 4, 2), ring(6, 6, 6, 8, 8, 8, 8, 6)},
			{ring(30, 30, 40, 30, 40, 40)}}},
		{Role: plan.Part, Code: "102", Name: "蝴蝶", Parent: "1", Area: geo.MultiPolygon{{ring(21, 5, 25, 1, 25, 3, 21, 5, 25, 7, 25, 9)}}},
		{Role: plan.Part, Code: "103", Name: "", Parent: "1", Area: geo.MultiPolygon{{ring(2, 2, 4, 2, 4, 4, 2, 4)}}},
		{Role: plan.Excluded, Name: "湖面", Parent: "1", Area: geo.MultiPolygon{{ring(6, 6, 8, 6, 8, 8, 6, 8)}}},
	}
}

func cloned(units []plan.Unit) []plan.Unit {
	out := slices.Clone(units)
	for i, u := range out {
		out[i].Area = nil
		for _, polygon := range u.Area {
			var p geo.Polygon
			for _, ring := range polygon {
				p = append(p, slices.Clone(ring))
			}
			out[i].Area = append(out[i].Area, p)
		}
	}
	return out
}

func TestTheDigestDoesNotDependOnOrder(t *testing.T) {
	want := plan.Digest("grid", division())
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		units := cloned(division())
		rng.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
		for i, u := range units {
			units[i].Ordinal, units[i].Place = rng.IntN(1000), "elsewhere"
			if u.Role == plan.Excluded {
				units[i].Code = "gap:9"
			}
			rng.Shuffle(len(u.Area), func(i, j int) { u.Area[i], u.Area[j] = u.Area[j], u.Area[i] })
			for _, polygon := range u.Area {
				holes := polygon[1:]
				rng.Shuffle(len(holes), func(i, j int) { holes[i], holes[j] = holes[j], holes[i] })
				for k, ring := range polygon {
					n := rng.IntN(len(ring))
					polygon[k] = slices.Concat(ring[n:], ring[:n])
					if rng.IntN(2) == 0 {
						slices.Reverse(polygon[k])
					}
				}
			}
		}
		if got := plan.Digest("grid", units); got != want {
			t.Fatalf("another order gives %s, want %s", got, want)
		}
	}
}

func TestTheDigestTellsEveryChange(t *testing.T) {
	seen := map[string]string{plan.Digest("grid", division()): "nothing"}
	tell := func(what, level string, change func([]plan.Unit) []plan.Unit) {
		t.Helper()
		got := plan.Digest(level, change(cloned(division())))
		if before, ok := seen[got]; ok {
			t.Errorf("%s gives the digest of %s", what, before)
		}
		seen[got] = what
	}
	same := func(u []plan.Unit) []plan.Unit { return u }
	tell("another level", "village", same)
	tell("a code", "grid", func(u []plan.Unit) []plan.Unit { u[1].Code = "104"; return u })
	tell("a name", "grid", func(u []plan.Unit) []plan.Unit { u[1].Name = "吉"; return u })
	tell("a letter that moves from code to name", "grid", func(u []plan.Unit) []plan.Unit { u[1].Code, u[1].Name = "10", "1𠮷"; return u })
	tell("a parent", "grid", func(u []plan.Unit) []plan.Unit { u[1].Parent = "2"; return u })
	tell("a vertex one step on", "grid", func(u []plan.Unit) []plan.Unit { u[1].Area[0][0][1].X++; return u })
	tell("a vertex more on a straight border", "grid", func(u []plan.Unit) []plan.Unit {
		u[1].Area[0][0] = slices.Insert(u[1].Area[0][0], 1, geo.Point{X: 10, Y: 0})
		return u
	})
	tell("a hole less", "grid", func(u []plan.Unit) []plan.Unit { u[1].Area[0] = u[1].Area[0][:2]; return u })
	tell("a part less", "grid", func(u []plan.Unit) []plan.Unit { u[1].Area = u[1].Area[:1]; return u })
	tell("a unit less", "grid", func(u []plan.Unit) []plan.Unit { return slices.Delete(u, 3, 4) })
	tell("a unit above redrawn", "grid", func(u []plan.Unit) []plan.Unit { u[0].Area[0][0][0].X--; return u })
	tell("another reason", "grid", func(u []plan.Unit) []plan.Unit { u[4].Name = "湖"; return u })
	tell("a gap that is no unit", "grid", func(u []plan.Unit) []plan.Unit { u[3].Role = plan.Excluded; return u })
}

func TestASealIsKeptAndTellsWhenRowsAreChanged(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-01", plan.Record{Code: "990101001001001", Name: "One", Parent: "990101001001", Area: box(0, 0, 10000, 10000)})
	seal := func() (digest string, err error) {
		err = pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error { digest, err = plan.Seal(t.Context(), tx, p.ID); return err })
		return digest, err
	}
	if p.Digest != "" {
		t.Errorf("a draft is sealed with %s", p.Digest)
	}
	first, err := seal()
	if err != nil {
		t.Fatal(err)
	}
	units, err := plan.Units(t.Context(), db, staff.Local, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := plan.Digest("grid", units); first != want {
		t.Errorf("sealed with %s, want %s", first, want)
	}
	if again, err := seal(); err != nil || again != first {
		t.Errorf("sealed again: %s, %v", again, err)
	}
	if got, err := plan.Get(t.Context(), db, staff.Local, p.ID); err != nil || got.Digest != first {
		t.Errorf("the plan says %s, %v; want %s", got.Digest, err, first)
	}
	if _, err := db.Exec(t.Context(), `UPDATE plan_unit SET name = 'Two' WHERE plan_id = $1`, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := seal(); !errors.Is(err, plan.ErrAltered) {
		t.Errorf("sealed again after a change: %v, want %v", err, plan.ErrAltered)
	}
}

func TestAFileOfOursBringsItsGapsAndTheUnitsAboveThatItRedraws(t *testing.T) {
	db := town(t)
	const west, east = "990101001001", "990101001002"
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Role: plan.Parent, Code: west, Name: "West", Area: box(0, 0, 12000, 10000)},
		plan.Record{Role: plan.Parent, Code: east, Name: "East", Area: box(12000, 0, 20000, 10000)},
		plan.Record{Role: plan.Parent, Code: "unknown", Name: "No unit in force", Area: box(0, 0, 100, 100)},
		plan.Record{Role: plan.Excluded, Name: "湖面", Parent: west, Area: box(11000, 0, 12000, 10000)},
		plan.Record{Role: plan.Excluded, Name: "", Parent: west, Area: box(0, 0, 100, 100)},
		plan.Record{Role: plan.Excluded, Name: "nowhere", Parent: "unknown", Area: box(0, 0, 100, 100)},
		plan.Record{Code: west + "001", Name: "One", Parent: west, Area: box(0, 0, 11000, 10000)})
	units, err := plan.Units(t.Context(), db, staff.Local, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.Role{plan.Parent, plan.Parent, plan.Part, plan.Excluded, plan.Part, plan.Part, plan.Part}
	for i, u := range units {
		if u.Role != want[i] {
			t.Errorf("row %d (%s) is a %s, want %s", i+1, u.Name, u.Role, want[i])
		}
	}
	if units[0].Before.SquareMeters() >= units[0].Area.SquareMeters() || units[1].Before.SquareMeters() <= units[1].Area.SquareMeters() {
		t.Error("the units above do not know how they are in force")
	}
	for _, f := range faults(t, db, p) {
		if slices.Contains(f.Codes, west) || slices.Contains(f.Codes, east) || f.Kind == "gap" && f.Parent == west {
			t.Errorf("a gap that was accepted or a unit above is reported: %+v", f)
		}
	}
}
