package patrol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo/ledger/ledgertest"
	"wangge/geo/patrol"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

// gpxOf is a file with points, each [time, lon, lat] as the file writes them.
func gpxOf(points ...[3]string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="watch"><metadata><time>2020-01-01T00:00:00Z</time></metadata><trk><name>walk</name><trkseg>`)
	for _, p := range points {
		fmt.Fprintf(&b, `<trkpt lon="%s" lat="%s"><ele>4</ele>`, p[1], p[2])
		if p[0] != "" {
			fmt.Fprintf(&b, `<time>%s</time>`, p[0])
		}
		b.WriteString(`<extensions><x:hr xmlns:x="x">80</x:hr></extensions></trkpt>`)
	}
	b.WriteString(`</trkseg></trk></gpx>`)
	return b.String()
}

// point is one on the first unit, so many sides east.
func point(at string, x float64) [3]string {
	p := ledgertest.Degrees(x, .05)
	return [3]string{at, fmt.Sprintf("%.7f", p[0]), fmt.Sprintf("%.7f", p[1])}
}

func (o *officer) bring(file string) patrol.Imported {
	o.Helper()
	got, err := o.desk.Import(o.ctx, o.actor, uuid.MustParse(o.shift), strings.NewReader(file))
	if err != nil {
		o.Fatal(err)
	}
	return got
}

func TestAFileOfAWatchIsTakenOnceAndWhatIsNotIsTold(t *testing.T) {
	o := open(t).officer()
	began := now.Add(-time.Hour)
	o.deliver(o.step("start", began), o.fixes(began, 1, 10))
	at := func(minutes float64) string {
		return began.Add(time.Duration(minutes * float64(time.Minute))).Format(time.RFC3339)
	}
	china := time.FixedZone("", 8*3600)
	file := gpxOf(
		point(at(1), .1), point(at(2), .11), // 1, 2
		point("", .12), point("yesterday", .13), // 3, 4
		point("1901-12-13T20:45:52Z", .14),                                                     // 5
		point(now.Add(time.Hour).Format(time.RFC3339), .15),                                    // 6
		point(at(-5), .16),                                                                     // 7
		[3]string{at(3), "181", "31"}, [3]string{at(3), "NaN", "31"}, [3]string{at(3), "", ""}, // 8 to 10
		point(at(2), .17), // 11
		point(began.Add(4*time.Minute).In(china).Format("2006-01-02T15:04:05.000-07:00"), .18), // 12
		point(began.Add(5*time.Minute).UTC().Format("2006-01-02T15:04:05"), .19),               // 13
	)
	got := o.bring(file)
	want := patrol.Imported{Points: 13, Taken: 4, Left: []patrol.LeftOut{
		{First: 3, Last: 4, Why: "no_time"}, {First: 5, Last: 5, Why: "past"}, {First: 6, Last: 6, Why: "future"}, {First: 7, Last: 7, Why: "outside"},
		{First: 8, Last: 10, Why: "no_place"}, {First: 11, Last: 11, Why: "doubled"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	var times []time.Time
	for _, f := range o.track()[10:] {
		times = append(times, f.At)
		if f.Mark != "" || f.Accuracy != nil || !f.At.Equal(f.DeviceAt) {
			t.Errorf("%+v", f)
		}
	}
	if len(times) != 4 || !times[2].Equal(began.Add(4*time.Minute)) || !times[3].Equal(began.Add(5*time.Minute)) {
		t.Errorf("times %v", times)
	}
	// The same file again, and another with a part of it.
	want.Taken, want.Known = 0, 4
	if got := o.bring(file); !reflect.DeepEqual(got, want) {
		t.Errorf("again: %+v\nwant %+v", got, want)
	}
	if got := o.bring(gpxOf(point(at(1), .1), point(at(6), .2))); got.Taken != 1 || got.Known != 1 || len(o.track()) != 15 {
		t.Errorf("another file: %+v, %d fixes", got, len(o.track()))
	}
	// The phone's own numbers go on as if nothing had been.
	if r := o.want(o.fixes(began, 11, 5), patrol.Stored, nil); *r.Upto != 15 {
		t.Errorf("up to %d", *r.Upto)
	}
	s, err := patrol.Get(o.ctx, o.desk.DB, o.actor, uuid.MustParse(o.shift))
	if err != nil || s.Fixes != 20 || s.Upto != 15 {
		t.Errorf("%+v, %v", s, err)
	}
	// Out again each track stands by itself.
	var out bytes.Buffer
	if err := patrol.WriteGPX(&out, s, o.track()); err != nil {
		t.Fatal(err)
	}
	if points, err := patrol.ReadGPX(&out); err != nil || len(points) != 20 || !points[15].At.Equal(began.Add(time.Minute)) {
		t.Errorf("%d points, %v", len(points), err)
	}
}

func TestAFileCountsLikeTheFixesOfThePhone(t *testing.T) {
	n := board(t)
	began := now.Add(-2 * time.Hour)
	counted := func(bring func(o *officer, items []patrol.Item)) string {
		s := open(t)
		s.zone("whole", .04, .04, .1, .1, 14)
		o := s.officer()
		items, last := o.along(began, 1, 1000, round)
		o.deliver(o.step("start", began), o.step("end", last))
		bring(o, items)
		s.countAll(s.counter(n))
		return s.counts()
	}
	want := counted(func(o *officer, items []patrol.Item) { o.deliver(items...) })
	got := counted(func(o *officer, items []patrol.Item) {
		var points [][3]string
		for _, item := range items {
			var body struct{ Fixes [][4]float64 }
			if err := json.Unmarshal(item.Body, &body); err != nil {
				t.Fatal(err)
			}
			for _, f := range body.Fixes {
				points = append(points, [3]string{time.UnixMilli(int64(f[0])).UTC().Format(time.RFC3339Nano), fmt.Sprintf("%.9f", f[1]), fmt.Sprintf("%.9f", f[2])})
			}
		}
		if got := o.bring(gpxOf(points...)); got.Taken != len(points) {
			t.Errorf("%+v of %d", got, len(points))
		}
	})
	lines := func(text string) (out []string) { // where one was; which part of a street depends on the accuracy too
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.HasPrefix(line, "part ") {
				out = append(out, line)
			}
		}
		return out
	}
	if !reflect.DeepEqual(lines(got), lines(want)) || strings.Count(got, "part ") < 10 {
		t.Errorf("from a file: %s", differs(got, want))
	}
}

func TestATrackIsBroughtIntoOnesOwnShiftOnly(t *testing.T) {
	s := open(t)
	o, other := s.officer(), s.officer()
	o.deliver(o.step("start", now.Add(-time.Hour)))
	file := gpxOf(point(now.Add(-time.Minute).Format(time.RFC3339), .1))
	bring := func(o *officer, shift, file string) error {
		_, err := s.desk.Import(o.ctx, o.actor, uuid.MustParse(shift), strings.NewReader(file))
		return err
	}
	if err := bring(other, o.shift, file); !errors.Is(err, patrol.ErrShift) {
		t.Errorf("another's shift: %v", err)
	}
	if err := bring(o, uuid.NewString(), file); !errors.Is(err, patrol.ErrShift) {
		t.Errorf("no shift: %v", err)
	}
	ctx, analyst := stafftest.Hold(t, s.owner, staff.Analyst, 0)
	if _, err := s.desk.Import(ctx, analyst, uuid.MustParse(o.shift), strings.NewReader(file)); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("an analyst: %v", err)
	}
	if err := privacy.WithdrawSelf(o.ctx, s.owner, o.actor, privacy.StaffTracking); err != nil {
		t.Fatal(err)
	}
	if err := bring(o, o.shift, file); !errors.Is(err, patrol.ErrConsent) {
		t.Errorf("without consent: %v", err)
	}
	if n := s.count(`SELECT count(*) FROM fix`); n != 0 {
		t.Errorf("%d fixes", n)
	}
}

const head = `<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1">`

func TestWhatIsNoTrackIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"text":             "hello",
		"cut off":          head + `<trk><trkseg><trkpt lat="1" lon="1">`,
		"crossed":          head + `<trk></gpx></trk>`,
		"another language": `<kml xmlns="http://www.opengis.net/kml/2.2"></kml>`,
		"an older version": `<gpx xmlns="http://www.topografix.com/GPX/1/0" version="1.0"></gpx>`,
		"without a name":   `<gpx version="1.1"></gpx>`,
		"an entity":        head + `<trk><name>&boom;</name></trk></gpx>`,
		"a bomb":           `<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + head + `<trk><name>&b;</name></trk></gpx>`,
		"a file behind":    `<!DOCTYPE gpx SYSTEM "file:///etc/passwd">` + head + `</gpx>`,
		"deep":             head + strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000) + `</gpx>`,
		"too long":         head + `<trk><trkseg>` + strings.Repeat(`<trkpt lat="1" lon="1"/>`, patrol.MaxTrack+1) + `</trkseg></trk></gpx>`,
		"another charset":  `<?xml version="1.0" encoding="GBK"?>` + head + "<trk><name>\xc4\xe3</name></trk></gpx>",
	} {
		if got, err := patrol.ReadGPX(strings.NewReader(text)); !errors.Is(err, patrol.ErrGPX) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, text := range map[string]string{
		"no track":      head + `</gpx>`,
		"with a prefix": `<g:gpx xmlns:g="http://www.topografix.com/GPX/1/1" version="1.1"><g:trk><g:trkseg><g:trkpt lat="1" lon="2"/></g:trkseg></g:trk></g:gpx>`,
		"a way point":   head + `<wpt lat="1" lon="2"><time>2026-01-01T00:00:00Z</time></wpt></gpx>`,
	} {
		got, err := patrol.ReadGPX(strings.NewReader(text))
		if err != nil || len(got) != strings.Count(text, "trkpt lat") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// A large file is read without keeping what a track does not need.
func TestALargeFileTakesLittleMemory(t *testing.T) {
	point := `<trkpt lat="31.1" lon="121.1"><time>2026-01-01T00:00:00Z</time><extensions>` + strings.Repeat(`<x>1</x>`, 40) + `</extensions></trkpt>`
	text := head + `<trk><trkseg>` + strings.Repeat(point, 50_000) + `</trkseg></trk></gpx>`
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got, err := patrol.ReadGPX(strings.NewReader(text))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(got) != 50_000 {
		t.Fatalf("%d points, %v", len(got), err)
	}
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 8<<20 {
		t.Errorf("%d MB are kept of a file of %d MB", kept>>20, len(text)>>20)
	}
	runtime.KeepAlive(got)
}

func FuzzReadGPX(f *testing.F) {
	f.Add(gpxOf(point("2026-01-01T00:00:00Z", .1), point("", .2)))
	f.Add(`<!DOCTYPE a [<!ENTITY b "c">]><gpx>&b;</gpx>`)
	f.Add(head + `<trk><trkseg><trkpt lat="1e400" lon="-0x1p-2"><time> 1901-01-01T00:00:00+23:59 </time></trkpt></trkseg></trk></gpx>`)
	f.Fuzz(func(t *testing.T, text string) {
		points, err := patrol.ReadGPX(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, patrol.ErrGPX) || points != nil {
				t.Fatalf("%v, %v", points, err)
			}
			return
		}
		for _, p := range points {
			if p.Place != nil && (p.Place.X < -1_800_000_000 || p.Place.X > 1_800_000_000 || p.Place.Y < -900_000_000 || p.Place.Y > 900_000_000) {
				t.Fatalf("%v", *p.Place)
			}
			if y := p.At.Year(); y < 0 || y > 9999+1 {
				t.Fatalf("%v", p.At)
			}
		}
	})
}
