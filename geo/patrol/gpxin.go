package patrol

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/privacy"
	"wangge/geo/staff"
)

const (
	// MaxTrackFile is how large a file may be, in bytes: 16 hours of a fix each second with
	// the extensions of a watch.
	MaxTrackFile = 24 << 20
	// deepest is how many elements of a file may lie in each other; GPX needs five.
	deepest = 30
	// mostLeft is how many runs of points that were not taken are told.
	mostLeft  = 200
	namespace = "http://www.topografix.com/GPX/1/1"
)

// ErrGPX says that a file is no track.
var ErrGPX = fault.New(fault.Invalid, "track_file", "This is no GPX 1.1 file in UTF-8 with a track of at most 60,000 points.")

// Imported is what became of a file of another program.
type Imported struct {
	Points int       `json:"points" doc:"that the file has"`
	Taken  int       `json:"taken"`
	Known  int       `json:"known" doc:"that a file had brought before"`
	Left   []LeftOut `json:"left_out" doc:"points that were not taken, in the order of the file; at most 200 runs"`
}

// LeftOut are points in a row that were not taken for one reason.
type LeftOut struct {
	First int    `json:"first" doc:"number of the point in the file, from 1"`
	Last  int    `json:"last"`
	Why   string `json:"why" enum:"no_time,no_place,past,future,outside,doubled" doc:"past = longer ago than tracks are kept, future = yet to come, outside = not on duty then, doubled = at the time of another point"`
}

// GPXPoint is a point of a track; no time, or no place, is the zero value.
type GPXPoint struct {
	At    time.Time
	Place *geo.Point
}

// ReadGPX reads the points of all tracks of a GPX 1.1 file. It keeps nothing else, and
// takes no document type, so nothing can be made to grow.
//
// Errors: ErrGPX.
func ReadGPX(r io.Reader) ([]GPXPoint, error) {
	points, err := readGPX(xml.NewDecoder(r))
	if err != nil {
		return nil, ErrGPX.Because(err)
	}
	return points, nil
}

func readGPX(d *xml.Decoder) (points []GPXPoint, err error) {
	var open []xml.Name
	var text strings.Builder
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) && len(open) == 0 && points != nil {
			return points, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, errors.New("a document type")
		case xml.StartElement:
			open = append(open, t.Name)
			switch {
			case len(open) > deepest:
				return nil, errors.New("too deep")
			case len(open) == 1 && (t.Name.Local != "gpx" || !hasNamespace(t)):
				return nil, errors.New("no GPX 1.1")
			case len(open) == 4 && t.Name.Local == "trkpt" && open[1].Local == "trk" && open[2].Local == "trkseg":
				if len(points) == MaxTrack {
					return nil, errors.New("too many points")
				}
				points = append(points, GPXPoint{Place: placeOf(t.Attr)})
			case len(open) == 1:
				points = []GPXPoint{}
			}
			text.Reset()
		case xml.CharData:
			if atTime(open) && text.Len() < 100 {
				text.Write(t[:min(len(t), 100)])
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != t.Name {
				return nil, errors.New("elements that do not match")
			}
			if atTime(open) {
				points[len(points)-1].At = timeOf(text.String())
			}
			open = open[:len(open)-1]
		}
	}
}

func hasNamespace(t xml.StartElement) bool {
	return slices.ContainsFunc(t.Attr, func(a xml.Attr) bool {
		return a.Value == namespace && (a.Name.Space == "" && a.Name.Local == "xmlns" || a.Name.Space == "xmlns" && a.Name.Local == t.Name.Space)
	})
}

// atTime reports whether the text is that of the time of a point.
func atTime(open []xml.Name) bool {
	return len(open) == 5 && open[1].Local == "trk" && open[2].Local == "trkseg" && open[3].Local == "trkpt" && open[4].Local == "time"
}

func placeOf(attrs []xml.Attr) *geo.Point {
	lon, lat := math.NaN(), math.NaN()
	for _, a := range attrs {
		if v, err := strconv.ParseFloat(strings.TrimSpace(a.Value), 64); err == nil {
			switch a.Name.Local {
			case "lon":
				lon = v
			case "lat":
				lat = v
			}
		}
	}
	if !(math.Abs(lon) <= 180 && math.Abs(lat) <= 90) {
		return nil
	}
	p := geo.Snap(orb.Point{lon, lat})
	return &p
}

// timeOf reads an xsd:dateTime; without a zone it is UTC, as GPX says.
func timeOf(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() > 0 {
			return at.UTC().Truncate(time.Millisecond)
		}
	}
	return time.Time{}
}

// Import takes the track of a watch or another program into one of the actor's own shifts,
// as far as it was on duty then. Its clock is taken to be right. A point whose time such a
// file brought before is known: the same file again changes nothing.
//
// Errors: ErrShift, ErrConsent, ErrGPX.
func (d *Desk) Import(ctx context.Context, actor staff.Actor, shift uuid.UUID, file io.Reader) (Imported, error) {
	done, err := d.importTrack(ctx, actor, shift, file)
	if err != nil {
		return Imported{}, fmt.Errorf("track of shift %s from a file: %w", shift, err)
	}
	return done, nil
}

func (d *Desk) importTrack(ctx context.Context, actor staff.Actor, shift uuid.UUID, file io.Reader) (Imported, error) {
	if err := actor.Must(staff.Record); err != nil {
		return Imported{}, err
	}
	s, err := Get(ctx, d.DB, actor, shift)
	if err != nil {
		return Imported{}, err
	}
	points, err := ReadGPX(file)
	if err != nil {
		return Imported{}, err
	}
	a := &arrival{actor: actor, received: d.Now().UTC()}
	var days int
	if err := d.DB.QueryRow(ctx, `SELECT days FROM retention_rule WHERE kind = 'track'`).Scan(&days); err != nil {
		return Imported{}, err
	}
	a.oldest = a.received.AddDate(0, 0, -days)
	done := Imported{Points: len(points), Left: []LeftOut{}}
	good := a.sift(s, points, &done)
	if len(good) == 0 {
		return done, nil
	}
	consent, err := privacy.Consented(ctx, d.DB, privacy.Whose{Kind: "account", ID: actor.Account}, privacy.StaffTracking)
	if err != nil {
		return Imported{}, err
	}
	if consent == nil {
		return Imported{}, ErrConsent
	}
	if err := makeDays(ctx, d.Engine, daysOf([]*sent{{arrival: a, items: []*fixesItem{{body: &fixesBody{Fixes: good}}}}})); err != nil {
		return Imported{}, err
	}
	err = pgx.BeginFunc(ctx, d.Engine, func(tx pgx.Tx) error { return a.keepImported(ctx, tx, s, good, &done) })
	return done, err
}

// sift returns the points that count, and tells of the others why they do not.
func (a *arrival) sift(s Shift, points []GPXPoint, done *Imported) (good []sentFix) {
	there := map[time.Time]bool{}
	for i, p := range points {
		why := ""
		if p.Place == nil {
			why = "no_place"
		} else if p.At.IsZero() {
			why = "no_time"
		} else if _, _, mark := a.judge(sentFix{micros: p.At.UnixMicro()}); mark != 0 {
			why = markNames[mark]
		} else if s.spanOf(p.At) < 0 {
			why = "outside"
		} else if there[p.At] {
			why = "doubled"
		}
		if why == "" {
			there[p.At] = true
			good = append(good, sentFix{p.At.UnixMicro(), *p.Place, 0})
			continue
		}
		last := len(done.Left) - 1
		switch {
		case last >= 0 && done.Left[last].Why == why && done.Left[last].Last == i:
			done.Left[last].Last = i + 1
		case len(done.Left) < mostLeft:
			done.Left = append(done.Left, LeftOut{i + 1, i + 1, why})
		}
	}
	return good
}

// keepImported keeps those of the fixes that no file brought before, behind those that
// did. It acts as the engine, in turn with the deliveries of the account.
func (a *arrival) keepImported(ctx context.Context, tx pgx.Tx, s Shift, good []sentFix, done *Imported) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashint8($2))`, lockSpace, a.actor.Account); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT FROM shift WHERE no = $1 AND account_id = $2 FOR UPDATE`, s.No, a.actor.Account); err != nil {
		return err
	}
	rows, _ := tx.Query(ctx, `SELECT seq, at FROM fix WHERE shift_no = $1 AND seq >= $2`, s.No, FirstImported)
	known, next := map[int64]bool{}, int32(FirstImported)
	var seq int32
	var at time.Time
	if _, err := pgx.ForEachRow(rows, []any{&seq, &at}, func() error {
		known[at.UnixMilli()] = true
		next = max(next, seq+1)
		return nil
	}); err != nil {
		return err
	}
	fresh := newFixRows(len(good))
	first := next
	for _, f := range good {
		if known[time.UnixMicro(f.micros).UnixMilli()] {
			done.Known++
			continue
		}
		at, day, mark := a.judge(f)
		fresh.add(day, s.No, next, at, f, mark)
		next++
	}
	done.Taken = int(next - first)
	switch {
	case done.Taken == 0:
		return nil
	case len(known)+done.Taken > MaxTrack:
		return ErrGPX.Saying(fmt.Sprintf("With those of other files the shift would have more than %d points.", MaxTrack))
	}
	if err := fresh.copy(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE shift SET held = held + int4multirange(int4range($2, $3)), changed = changed + 1 WHERE no = $1`, s.No, first, next); err != nil {
		return err
	}
	return audit.Write(ctx, tx, a.actor, "record", "shift", s.ID.String(), map[string]any{"do": "import", "fixes": done.Taken})
}
