// Package shifts serves one's own times on duty and where one was, and to who supervises
// the shifts of posts. The track of another is replayed with a reason only, which its
// officer reads.
package shifts

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"wangge/api/route"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /shifts.
func Mount(a route.API, db pg.DB, desk *patrol.Desk) {
	h := handler{db, desk}
	op := func(id, summary, more string) route.Op {
		return route.Op{ID: id, Self: true, Tag: "patrols", Summary: summary, Description: more}
	}
	route.Get(a, "/shifts", op("list-shifts", "Your own shifts, those that came last first", ""), h.list)
	route.Get(a, "/shifts/{shift}", op("get-shift", "One of your own shifts", ""), h.get)
	route.Get(a, "/shifts/{shift}/track", op("get-track", "Where you were on a shift of yours", "Every fix with its time by the server's clock and by the phone's, and why it does not count, if it does not. Fixes are dropped after their retention."), h.track)
	bring := route.Op{ID: "import-track", Tag: "patrols", MaxBody: patrol.MaxTrackFile, Summary: "Bring the track of a watch or another program into a shift of yours",
		Description: "A GPX 1.1 file in UTF-8. Its points count like fixes of the phone; which of them were not taken, and why, is told. The same file again changes nothing."}
	route.Post(a, "/shifts/{shift}/track", bring.For(staff.Record), h.bring)
	route.Get(a, "/shifts/{shift}/gpx", op("export-track", "Where you were on a shift of yours, as GPX 1.1", "Fixes that count, in segments between pauses and gaps."), h.gpx)
	route.Get(a, "/patrols/shifts", route.Op{ID: "list-duties", Tag: "patrols", Summary: "Shifts of posts, for who supervises them, the newest first",
		Description: "By post and without a person; in the order of their start."}.For(staff.Supervise), h.duties)
	route.Post(a, "/shifts/{no}/replay", route.Op{ID: "replay-shift", Tag: "patrols", Summary: "The track of another's shift, with a reason",
		Description: "It is recorded, and the officer reads who looked and why. Nothing is said of speed or rest."}.For(staff.Supervise), h.replay)
}

type handler struct {
	db   pg.DB
	desk *patrol.Desk
}

func (h handler) list(ctx context.Context, in *route.Paging) (*route.Body[route.List[patrol.Shift]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := patrol.Shifts(ctx, h.db, route.Actor(ctx), before, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(s patrol.Shift) string { return strconv.FormatInt(s.No, 10) }), err)
}

// Path names a shift.
type Path struct {
	Shift string `path:"shift" format:"uuid"`
}

func (h handler) shift(ctx context.Context, p Path) (patrol.Shift, error) {
	id, err := uuid.Parse(p.Shift)
	if err != nil {
		return patrol.Shift{}, patrol.ErrShift
	}
	return patrol.Get(ctx, h.db, route.Actor(ctx), id)
}

// OwnShift is a shift of one's own, with who looked at its track.
type OwnShift struct {
	patrol.Shift
	Replays []patrol.Replayed `json:"replays" doc:"who looked at the track, and why"`
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[OwnShift], error) {
	s, err := h.shift(ctx, *in)
	if err != nil {
		return nil, err
	}
	list, err := patrol.Replays(ctx, h.db, route.Actor(ctx), s)
	return route.OK(OwnShift{s, list}, err)
}

type dutiesInput struct {
	route.Paging
	Unit string    `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	From time.Time `query:"from" doc:"began not before; a day ago when absent"`
	To   time.Time `query:"to" doc:"began before; now when absent"`
}

func (h handler) duties(ctx context.Context, in *dutiesInput) (*route.Body[route.List[patrol.Duty]], error) {
	if in.To.IsZero() {
		in.To = time.Now()
	}
	if in.From.IsZero() {
		in.From = in.To.AddDate(0, 0, -1)
	}
	var after *patrol.Duty
	if in.Cursor != "" {
		at, no, ok := strings.Cut(in.Cursor, "_")
		started, err := time.Parse(time.RFC3339Nano, at)
		number, wrong := strconv.ParseInt(no, 10, 64)
		if !ok || err != nil || wrong != nil {
			return nil, route.ErrCursor
		}
		after = &patrol.Duty{StartedAt: started, No: number}
	}
	list, err := patrol.Duties(ctx, h.db, route.Actor(ctx), in.Unit, in.From, in.To, after, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(d patrol.Duty) string {
		return d.StartedAt.UTC().Format(time.RFC3339Nano) + "_" + strconv.FormatInt(d.No, 10)
	}), err)
}

type replayInput struct {
	No   int64 `path:"no" minimum:"1"`
	Body patrol.Why
}

func (h handler) replay(ctx context.Context, in *replayInput) (*route.Body[patrol.Course], error) {
	return route.OK(patrol.Replay(ctx, h.db, route.Actor(ctx), in.No, in.Body))
}

type trackInput struct {
	Path
	Limit  int    `query:"limit" minimum:"1" maximum:"10000" default:"2000"`
	Cursor string `query:"cursor" maxLength:"20"`
}

func (h handler) track(ctx context.Context, in *trackInput) (*route.Body[route.List[patrol.Fix]], error) {
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	s, err := h.shift(ctx, in.Path)
	if err != nil {
		return nil, err
	}
	list, err := patrol.Track(ctx, h.db, route.Actor(ctx), s, int(after), in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(f patrol.Fix) string { return strconv.Itoa(f.Seq) }), err)
}

// file is an answer that is no JSON.
type file struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (h handler) gpx(ctx context.Context, in *Path) (*file, error) {
	s, err := h.shift(ctx, *in)
	if err != nil {
		return nil, err
	}
	list, err := patrol.Track(ctx, h.db, route.Actor(ctx), s, 0, patrol.MaxTrack)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = patrol.WriteGPX(&out, s, list)
	return &file{Type: "application/gpx+xml", Disposition: route.Attachment("shift-" + in.Shift + ".gpx"), Body: out.Bytes()}, err
}

type bringInput struct {
	Path
	RawBody []byte `contentType:"application/gpx+xml"`
}

func (h handler) bring(ctx context.Context, in *bringInput) (*route.Body[patrol.Imported], error) {
	id, err := uuid.Parse(in.Shift)
	if err != nil {
		return nil, patrol.ErrShift
	}
	return route.OK(h.desk.Import(ctx, route.Actor(ctx), id, bytes.NewReader(in.RawBody)))
}
