package patrol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// FuzzFixesAreReadAsJSONIs compares our reader with the standard one.
func FuzzFixesAreReadAsJSONIs(f *testing.F) {
	for _, text := range []string{
		`[]`, `[[1700000000000,121.4737021,31.2304323,12]]`, ` [ [ 1 , -0.5 , +1 , null ] ] `, `[[1,2,3,4],[5,6,7,8.25]]`, `[[1e3,1.25e1,-8.9999999,0]]`,
		`[[-2177452800000,121.47370215,31.23,1.5]]`, `[[1,181,0,1]]`, `[[1,2,3]]`, `[[1,2,3,4,5]]`, `[[1,2,3,-4]]`, `[[null,2,3,4]]`, `[["1",2,3,4]]`, `[1,2,3,4]`,
		`[[99999999999999999999,1,1,1]]`, `[[1,1.00000000000000000001,1,1]]`, `[[1,2,3,4],]`, `{}`, `null`, `[[0.5,1,1,1]]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got sentFixes
		err := json.Unmarshal(text, &got)
		var list [][]*float64
		if json.Unmarshal(text, &list) != nil {
			if err == nil && len(got) > 0 {
				t.Fatalf("%q is read as %v", text, got)
			}
			return
		}
		right := !slices.ContainsFunc(list, func(v []*float64) bool {
			return len(v) != 4 || v[0] == nil || v[1] == nil || v[2] == nil || math.Abs(*v[0]) > 1e14 || math.Abs(*v[1]) > 180 || math.Abs(*v[2]) > 90 || v[3] != nil && (*v[3] < 0 || *v[3] > 1e12)
		})
		if !right || len(list) > MaxFixes {
			return // whichever of them it dislikes
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(got) != len(list) {
			t.Fatalf("%q is read as %v", text, got)
		}
		for i, v := range list {
			at := geo.Snap(orb.Point{*v[1], *v[2]})
			accuracy := 0.0
			if v[3] != nil {
				accuracy = *v[3]
			}
			g := got[i]
			// A number just between two is rounded by the decimals as they are written.
			if d := g.place.X - at.X; d < -1 || d > 1 {
				t.Fatalf("%q: %v, want %v", text, g.place, at)
			}
			if d := g.place.Y - at.Y; d < -1 || d > 1 {
				t.Fatalf("%q: %v, want %v", text, g.place, at)
			}
			if ms := float64(g.micros / 1000); math.Abs(ms-*v[0]) > 1 {
				t.Fatalf("%q: %v", text, g.micros)
			}
			if math.Abs(float64(g.accuracy)-accuracy) > 0.0006+accuracy*1e-6 {
				t.Fatalf("%q: accuracy %v", text, g.accuracy)
			}
		}
	})
}

// FuzzDeliveriesAreReadAsJSONIs: what is read in one pass is JSON, and says the same as the
// standard package reads.
func FuzzDeliveriesAreReadAsJSONIs(f *testing.F) {
	const fixes = `{"shift":"5f0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","first":1,"fixes":[[1700000000000,121.4737021,31.2304323,12],[1700000005000,121.4737021,31.2304323,null]]}`
	item := func(kind, body string) string {
		return `{"id":"7b0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","kind":"` + kind + `","at":"2026-11-22T08:00:00.123Z","body":` + body + `}`
	}
	whole := func(items string) string {
		return `{"device":"6a0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","sent_at":"2026-11-22T08:00:01Z","items":[` + items + `]}`
	}
	for _, text := range []string{
		whole(item("fixes", fixes)), whole(item("shift", `{"do":"start","text":"a\"}],é"}`) + ` , ` + item("fixes", fixes)), whole(``), whole(item("mark", `7`)), whole(item("mark", `"\""`)),
		whole(item("fixes", `null`)), whole(item("fixes", `{"shift":"a","first":01,"fixes":[]}`)), whole(item("fixes", `{"shift":"a","shift":"b","first":1,"fixes":[[1,2,3,4]]}`)),
		whole(item("fixes", `{"shift":"a","first":1.0,"fixes":[[+1,.5,3,4]]}`)), whole(item("fixes", `{"Shift":"a","first":1,"fixes":[[01,2,3,1e1]]}`)), whole(item("mark", `{"a":}`)), whole(item("mark", `[}`)),
		`{"device":null,"sent_at":"2026-11-22T08:00:01Z","items":null}`, `{}`, ``, `{"items":[]}x`, whole(item("fixes", fixes)) + ` `, whole(item("fixes", fixes)) + "\x00", `{"sent_at":"2026-11-22"}`, `{"device":"é","items":[{}]}`,
		`{"items":[{"body":{"shift":"a"},"kind":"fixes"}]}`, `{"items":[{"kind":"fixes"}],"other":1}`, `{"items":[{"kind":"x","body":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, usual := readDelivery(text)
		if !usual {
			return
		}
		var want Delivery
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q is read as %+v, but %v", text, got, err)
		}
		if got.Device != want.Device || !got.SentAt.Equal(want.SentAt) || len(got.Items) != len(want.Items) || (got.Items == nil) != (want.Items == nil) {
			t.Fatalf("%q is read as %+v, want %+v", text, got, want)
		}
		for i, g := range got.Items {
			w := want.Items[i]
			if g.ID != w.ID || g.Kind != w.Kind || !g.At.Equal(w.At) {
				t.Fatalf("%q: item %+v, want %+v", text, g, w)
			}
			if g.fixes == nil {
				if string(bytes.TrimSpace(g.Body)) != string(bytes.TrimSpace(w.Body)) {
					t.Fatalf("%q: body %q, want %q", text, g.Body, w.Body)
				}
				continue
			}
			var body fixesBody
			if err := json.Unmarshal(w.Body, &body); err != nil {
				t.Fatalf("%q: fixes %+v, but %v", text, g.fixes, err)
			}
			if g.fixes.Shift != body.Shift || g.fixes.First != body.First || !slices.Equal(g.fixes.Fixes, body.Fixes) {
				t.Fatalf("%q: fixes %+v, want %+v", text, g.fixes, body)
			}
		}
	})
}

// What our own page sends is read in one pass.
func TestTheUsualDeliveryIsReadInOnePass(t *testing.T) {
	text := []byte(`{"device":"6a0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","sent_at":"2026-11-22T08:00:01.000Z","items":[` +
		`{"id":"7b0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","kind":"shift","at":"2026-11-22T08:00:00.123Z","body":{"do":"start","shift":"5f0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c"}},` +
		`{"id":"8b0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","kind":"fixes","at":"2026-11-22T08:00:00.123Z","body":{"shift":"5f0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","first":7,"fixes":[[1700000000000,121.4737021,31.2304323,12.5]]}}]}`)
	d, usual := readDelivery(text)
	if !usual || len(d.Items) != 2 || string(d.Items[0].Body) != `{"do":"start","shift":"5f0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c"}` || d.Items[1].fixes.First != 7 || d.Items[1].fixes.Fixes[0].accuracy != 12.5 {
		t.Fatalf("%v %+v", usual, d)
	}
}

func BenchmarkReadDelivery(b *testing.B) {
	var fixes []string
	for i := range MaxFixes {
		fixes = append(fixes, fmt.Sprintf("[%d,%.7f,%.7f,%d]", 1700000000000+5000*i, 121.4+float64(i)/1e5, 31.2+float64(i)/1e6, 4+i%9))
	}
	text := []byte(`{"device":"6a0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","sent_at":"2026-11-22T08:00:01.000Z","items":[{"id":"8b0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","kind":"fixes","at":"2026-11-22T08:00:00.123Z",` +
		`"body":{"shift":"5f0e7a66-3d4c-4d0b-9f5e-0d4d4f0a1b2c","first":7,"fixes":[` + strings.Join(fixes, ",") + `]}}]}`)
	for _, way := range []struct {
		name string
		read func([]byte, *Delivery) error
	}{
		{"one-pass", func(t []byte, d *Delivery) error { return d.ReadJSON(t) }},
		{"standard", func(t []byte, d *Delivery) error { return json.Unmarshal(t, d) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				var d Delivery
				if err := way.read(text, &d); err != nil {
					b.Fatal(err)
				}
				if _, err := readFixes(d.Items[0]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*MaxFixes), "ns/fix")
		})
	}
}

func TestRowsOfFixesAreWhatPostgreSQLWrites(t *testing.T) {
	// The first bytes of COPY … TO … (FORMAT binary) with 9 columns.
	rows := newFixRows(1)
	rows.add(geo.DayOf(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)), 1, 2, millennium, sentFix{micros: millennium + 1_000_000}, 1)
	if got := rows.text[len(copyHead):]; len(copyHead) != 19 || len(got) != 84 || got[1] != 9 || got[5] != 4 || got[9] != 1 {
		t.Errorf("%d %v", len(got), got)
	}
}
