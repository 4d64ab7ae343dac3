package photo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/photo"
	"wangge/geo/picture"
	"wangge/geo/picture/picturetest"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// person is somebody with the context in which the database knows them.
type person struct {
	staff.Actor
	ctx context.Context
}

// desk is a village of four grids with a worker in the first two and a dispatcher.
type desk struct {
	*testing.T
	owner, reader               *pgxpool.Pool
	app                         *pg.Acting
	turns                       picture.Turns
	now                         time.Time
	worker, neighbour, director person
}

func newDesk(t *testing.T) *desk {
	dsn := pgtest.DSN(t)
	d := &desk{T: t, owner: pgtest.As(t, dsn, ""), reader: pgtest.As(t, dsn, pg.RoleReader), app: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp)),
		turns: picture.NewTurns(2), now: time.Now()}
	grids := ledgertest.Town(t, d.owner, 2)
	var village int64
	if err := d.owner.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001'`).Scan(&village); err != nil {
		t.Fatal(err)
	}
	d.worker, d.neighbour, d.director = d.hold(staff.Worker, grids[0]), d.hold(staff.Worker, grids[1]), d.hold(staff.Dispatcher, village)
	return d
}

func (d *desk) hold(kind staff.Kind, unit int64) person {
	ctx, actor := stafftest.Hold(d, d.owner, kind, unit)
	return person{actor, ctx}
}

func (d *desk) put(who person, p photo.Piece) (photo.Progress, error) {
	return photo.Put(who.ctx, d.app, d.turns, who.Actor, p, d.now)
}

// must puts a piece that has to be taken, and checks how far the photo has come.
func (d *desk) must(who person, p photo.Piece, held int) {
	d.Helper()
	if got, err := d.put(who, p); err != nil || got.Held != held || got.Length != p.Length {
		d.Fatalf("piece from %d: %+v, %v; want %d", p.Offset, got, err, held)
	}
}

// refused puts a piece that must not be taken.
func (d *desk) refused(who person, p photo.Piece, want *fault.Fault, held int) {
	d.Helper()
	if got, err := d.put(who, p); !errors.Is(err, want) || got.Held != held {
		d.Errorf("piece from %d: %+v, %v; want %s, %d", p.Offset, got, err, want.Code, held)
	}
}

// inPieces cuts a file.
func inPieces(id uuid.UUID, file []byte, size int) (all []photo.Piece) {
	for at := 0; at < len(file); at += size {
		all = append(all, photo.Piece{Photo: id, Offset: at, Length: len(file), Body: file[at:min(at+size, len(file))]})
	}
	all[len(all)-1].Digest = digest(file)
	return all
}

func digest(file []byte) string { return fmt.Sprintf("sha-256=%x", sha256.Sum256(file)) }

// shot is a photo of a place in the town, as a phone writes it.
func (d *desk) shot(x, y float64) []byte {
	at := ledgertest.Degrees(x, y)
	return picturetest.File(d, 400, 300, picturetest.Camera{Maker: "HUAWEI 99", Orientation: 6, Taken: "2026:11:20 08:30:15", LonLat: at})
}

// send puts a whole photo.
func (d *desk) send(who person, id uuid.UUID, file []byte) {
	d.Helper()
	for _, p := range inPieces(id, file, 3000) {
		d.must(who, p, p.Offset+len(p.Body))
	}
}

func (d *desk) report(who person, x, y float64, private bool, photos ...uuid.UUID) uuid.UUID {
	d.Helper()
	got, err := d.tryReport(who, x, y, private, photos...)
	if err != nil {
		d.Fatal(err)
	}
	return got
}

func (d *desk) tryReport(who person, x, y float64, private bool, photos ...uuid.UUID) (uuid.UUID, error) {
	got, _, err := incident.Report(who.ctx, d.app, d.owner, who.Actor, incident.New{
		ID: uuid.New(), Category: "0102", ReportedAt: d.now, Point: ledgertest.At(x, y), Private: private, Photos: photos}, d.now)
	return got.ID, err
}

func (d *desk) count(sql string, args ...any) (n int) {
	d.Helper()
	if err := d.owner.QueryRow(d.Context(), sql, args...).Scan(&n); err != nil {
		d.Fatal(err)
	}
	return n
}

func (d *desk) exec(sql string, args ...any) {
	d.Helper()
	if _, err := d.owner.Exec(d.Context(), sql, args...); err != nil {
		d.Fatal(err)
	}
}

func TestAPhotoArrivesInPiecesWhateverIsLost(t *testing.T) {
	d := newDesk(t)
	id, file := uuid.New(), d.shot(0.5, 0.5)
	all := inPieces(id, file, len(file)/3)
	last := len(all) - 1
	if _, err := photo.Status(d.worker.ctx, d.app, d.worker.Actor, id); !errors.Is(err, photo.ErrUnknown) {
		t.Errorf("before the first piece: %v", err)
	}
	d.refused(d.worker, all[1], photo.ErrUnknown, 0)
	d.must(d.worker, all[0], all[1].Offset)
	d.must(d.worker, all[0], all[1].Offset) // its acknowledgement was lost
	d.refused(d.worker, all[2], photo.ErrOffset, all[1].Offset)
	overlap := photo.Piece{Photo: id, Offset: 5, Length: len(file), Body: file[5 : all[1].Offset+5]}
	d.refused(d.worker, overlap, photo.ErrOffset, all[1].Offset)
	for _, p := range all[1:last] {
		d.must(d.worker, p, p.Offset+len(p.Body))
	}
	if got, err := photo.Status(d.worker.ctx, d.app, d.worker.Actor, id); err != nil || got != (photo.Progress{Held: all[last].Offset, Length: len(file)}) {
		t.Errorf("before the last piece: %+v, %v", got, err)
	}
	if _, err := photo.Picture(d.worker.ctx, d.app, d.worker.Actor, id, photo.Whole); !errors.Is(err, photo.ErrUnknown) {
		t.Errorf("a photo that is not whole is shown: %v", err)
	}
	for range 2 {
		d.must(d.worker, all[last], len(file))
	}
	d.must(d.worker, all[0], len(file)) // late, and long known
	if n := d.count(`SELECT count(*) FROM photo_piece`); n != 0 {
		t.Errorf("%d pieces are left", n)
	}
	if n := d.count(`SELECT count(*) FROM audit WHERE action = 'photo' AND subject_id = $1`, id.String()); n != 1 {
		t.Errorf("it is in the log %d times", n)
	}
	body, err := photo.Picture(d.worker.ctx, d.app, d.worker.Actor, id, photo.Whole)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.DecodeConfig(bytes.NewReader(body))
	if err != nil || img.Width != 300 || img.Height != 400 { // upright
		t.Errorf("%+v, %v", img, err)
	}
	for _, part := range []string{"Exif", "HUAWEI", "2026:11:20"} {
		if bytes.Contains(body, []byte(part)) {
			t.Errorf("%q is still in it", part)
		}
	}
	small, err := photo.Picture(d.worker.ctx, d.app, d.worker.Actor, id, photo.Thumbnail)
	if img, err := jpeg.DecodeConfig(bytes.NewReader(small)); err != nil || max(img.Width, img.Height) > 320 {
		t.Errorf("thumbnail: %+v, %v", img, err)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestAPieceThatIsWrongIsRefused(t *testing.T) {
	d := newDesk(t)
	id, file := uuid.New(), d.shot(0.5, 0.5)
	first := photo.Piece{Photo: id, Length: len(file), Body: file[:100]}
	d.must(d.worker, first, 100)
	rest := photo.Piece{Photo: id, Offset: 100, Length: len(file), Body: file[100:], Digest: digest(file)}
	but := func(change func(*photo.Piece)) photo.Piece {
		p := rest
		change(&p)
		return p
	}
	for name, tt := range map[string]struct {
		who   person
		piece photo.Piece
		want  *fault.Fault
		held  int
	}{
		"another account's":   {d.neighbour, rest, photo.ErrUnknown, 0},
		"another's, begun":    {d.neighbour, first, photo.ErrUnknown, 0},
		"another length":      {d.worker, but(func(p *photo.Piece) { p.Length++; p.Digest = "" }), photo.ErrLength, 100},
		"beyond its end":      {d.worker, but(func(p *photo.Piece) { p.Length -= 10 }), photo.ErrPiece, 0},
		"nothing":             {d.worker, but(func(p *photo.Piece) { p.Body = nil }), photo.ErrPiece, 0},
		"before its start":    {d.worker, but(func(p *photo.Piece) { p.Offset = -1 }), photo.ErrPiece, 0},
		"large":               {d.worker, photo.Piece{Photo: id, Offset: 100, Length: photo.MaxBytes, Body: make([]byte, photo.MaxPiece+1)}, photo.ErrPieceLarge, 0},
		"of a large photo":    {d.worker, photo.Piece{Photo: uuid.New(), Length: photo.MaxBytes + 1, Body: file[:100]}, photo.ErrLarge, 0},
		"last without digest": {d.worker, but(func(p *photo.Piece) { p.Digest = "" }), photo.ErrDigestForm, 0},
		"half a digest":       {d.worker, but(func(p *photo.Piece) { p.Digest = p.Digest[:40] }), photo.ErrDigestForm, 0},
		"another digest kind": {d.worker, but(func(p *photo.Piece) { p.Digest = "md5=" + p.Digest[8:] }), photo.ErrDigestForm, 0},
	} {
		t.Run(name, func(t *testing.T) {
			at := *d
			at.T = t
			at.refused(tt.who, tt.piece, tt.want, tt.held)
		})
	}
	if _, err := d.put(d.director, rest); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("who may not record: %v", err)
	}
	if _, err := photo.Put(t.Context(), d.owner, d.turns, staff.Local, rest, d.now); !errors.Is(err, staff.ErrSignedOut) {
		t.Errorf("nobody's: %v", err)
	}
	d.must(d.worker, rest, len(file)) // nothing of that did harm
	d.refused(d.worker, but(func(p *photo.Piece) { p.Digest = digest([]byte("another")) }), photo.ErrExists, len(file))
}

func TestWhatIsNoPhotoBeginsAnew(t *testing.T) {
	d := newDesk(t)
	id, file := uuid.New(), d.shot(0.5, 0.5)
	broken := append([]byte(nil), file...)
	broken[200]++
	all := inPieces(id, broken, 3000)
	all[len(all)-1].Digest = digest(file)
	for _, p := range all[:len(all)-1] {
		d.must(d.worker, p, p.Offset+len(p.Body))
	}
	d.refused(d.worker, all[len(all)-1], photo.ErrDigest, 0)
	if got, err := photo.Status(d.worker.ctx, d.app, d.worker.Actor, id); err != nil || got.Held != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	text := bytes.Repeat([]byte("no photo "), len(file)/9+1)[:len(file)]
	all = inPieces(id, text, 4000)
	for _, p := range all[:len(all)-1] {
		d.must(d.worker, p, p.Offset+len(p.Body))
	}
	d.refused(d.worker, all[len(all)-1], picture.ErrUnreadable, 0)
	d.send(d.worker, id, file)
	single := uuid.New() // in a single piece
	d.refused(d.worker, photo.Piece{Photo: single, Length: 4, Body: []byte("GIF8"), Digest: digest([]byte("GIF8"))}, picture.ErrUnreadable, 0)
}

// Two phones, or one that lost its patience, send the same photo at once, each from its
// beginning: it arrives once and whole.
func TestTheSamePhotoSentManyTimesAtOnceIsOne(t *testing.T) {
	d := newDesk(t)
	id, file := uuid.New(), d.shot(0.5, 0.5)
	var all sync.WaitGroup
	errs := make(chan error, 6)
	for range 6 {
		all.Go(func() {
			for tries := 0; tries < 100; tries++ {
				at, err := photo.Status(d.worker.ctx, d.app, d.worker.Actor, id)
				if err != nil && !errors.Is(err, photo.ErrUnknown) {
					errs <- err
					return
				}
				if at.Held == len(file) {
					return
				}
				p := photo.Piece{Photo: id, Offset: at.Held, Length: len(file), Body: file[at.Held:min(at.Held+1500, len(file))], Digest: digest(file)}
				if _, err := d.put(d.worker, p); err != nil && !errors.Is(err, photo.ErrOffset) {
					errs <- err
					return
				}
			}
			errs <- errors.New("it never arrived")
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if n := d.count(`SELECT count(*) FROM photo WHERE id = $1 AND arrived_at IS NOT NULL`, id); n != 1 {
		t.Errorf("%d arrived", n)
	}
	if n := d.count(`SELECT count(*) FROM photo_piece`); n != 0 {
		t.Errorf("%d pieces are left", n)
	}
}

func TestAnAccountSendsSoMuchADay(t *testing.T) {
	d := newDesk(t)
	d.now = time.Date(2026, 11, 20, 15, 59, 0, 0, time.UTC) // a minute before midnight in China
	d.exec(`INSERT INTO photo (id, account_id, length, begun_at) SELECT gen_random_uuid(), $1, 5242880, $2 FROM generate_series(1, 204)`, d.worker.Account, d.now)
	begin := func() photo.Piece {
		return photo.Piece{Photo: uuid.New(), Length: photo.MaxBytes, Body: []byte{1}}
	}
	d.refused(d.worker, begin(), photo.ErrDaily, 0)
	d.must(d.neighbour, begin(), 1)
	d.now = d.now.Add(2 * time.Minute)
	d.must(d.worker, begin(), 1)
}

func TestPhotosComeBeforeTheirReportOrAfterIt(t *testing.T) {
	d := newDesk(t)
	before, after, never := uuid.New(), uuid.New(), uuid.New()
	d.send(d.worker, before, d.shot(0.5, 0.5))
	id := d.report(d.worker, 0.5, 0.5, false, before, after, never)
	got, err := incident.Get(d.director.ctx, d.app, d.director.Actor, id)
	if err != nil || got.PhotosExpected != 3 || got.PhotosArrived != 1 {
		t.Errorf("%d of %d photos, %v", got.PhotosArrived, got.PhotosExpected, err)
	}
	d.send(d.worker, after, d.shot(0.5, 1.5)) // half a kilometre away
	list, err := photo.Of(d.director.ctx, d.app, d.director.Actor, id)
	if err != nil || len(list) != 3 || list[0].ID != before || list[1].ID != after || list[2].ID != never {
		t.Fatalf("%+v, %v", list, err)
	}
	near, far := list[0], list[1]
	if !near.Arrived || near.Far || near.Metres == nil || *near.Metres > 1 || near.TakenAt == nil || !near.TakenAt.Equal(time.Date(2026, 11, 20, 0, 30, 15, 0, time.UTC)) || *near.Width != 300 {
		t.Errorf("near: %+v", near)
	}
	if want := ledgertest.At(0.5, 1.5); !far.Far || far.Metres == nil || *far.Metres < 100 || far.Place == nil || math.Abs(far.Place.Degrees()[1]-want.Degrees()[1]) > 1e-6 {
		t.Errorf("far: %+v", far)
	}
	if list[2].Arrived || list[2].Far || list[2].Width != nil {
		t.Errorf("never sent: %+v", list[2])
	}
}

func TestAReportNamesPhotosOfItsOwn(t *testing.T) {
	d := newDesk(t)
	mine, theirs := uuid.New(), uuid.New()
	d.send(d.worker, mine, d.shot(0.5, 0.5))
	d.send(d.neighbour, theirs, d.shot(1.5, 0.5))
	id := d.report(d.worker, 0.5, 0.5, false, mine, theirs)
	if list, err := photo.Of(d.worker.ctx, d.app, d.worker.Actor, id); err != nil || !list[0].Arrived || list[1].Arrived {
		t.Errorf("a photo of another account is shown: %+v, %v", list, err)
	}
	if _, err := photo.Picture(d.worker.ctx, d.app, d.worker.Actor, theirs, photo.Whole); !errors.Is(err, photo.ErrUnknown) {
		t.Errorf("another account's photo: %v", err)
	}
	for name, tt := range map[string]struct {
		photos []uuid.UUID
		want   error
	}{
		"one of another report": {[]uuid.UUID{uuid.New(), mine}, incident.ErrPhoto},
		"one twice":             {[]uuid.UUID{theirs, theirs}, incident.ErrPhotos},
		"too many":              {make([]uuid.UUID, incident.MaxPhotos+1), incident.ErrPhotos},
	} {
		if _, err := d.tryReport(d.worker, 0.5, 0.5, false, tt.photos...); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, _, err := incident.Report(t.Context(), d.owner, d.owner, staff.Local, incident.New{
		ID: uuid.New(), Category: "0102", ReportedAt: d.now, Point: ledgertest.At(0.5, 0.5), Photos: []uuid.UUID{uuid.New()}}, d.now); !errors.Is(err, staff.ErrSignedOut) {
		t.Errorf("without an account: %v", err)
	}
}

// Either wall alone keeps a photo from who may not see its incident.
func TestAPhotoIsForWhoMaySeeItsIncident(t *testing.T) {
	d := newDesk(t)
	id := uuid.New()
	d.send(d.worker, id, d.shot(0.5, 0.5))
	of := d.report(d.worker, 0.5, 0.5, false, id)
	for _, who := range []person{d.worker, d.director} {
		for _, size := range []photo.Size{photo.Whole, photo.Thumbnail} {
			if body, err := photo.Picture(who.ctx, d.app, who.Actor, id, size); err != nil || len(body) < 100 {
				t.Errorf("%s, %s: %v", who.Name, size, err)
			}
		}
	}
	for name, tt := range map[string]struct {
		ctx   context.Context
		db    pg.DB
		actor staff.Actor
	}{
		"both walls":                {d.neighbour.ctx, d.app, d.neighbour.Actor},
		"the program's is missing":  {d.neighbour.ctx, d.app, staff.Local},
		"the database's is missing": {t.Context(), d.owner, d.neighbour.Actor},
		"nobody":                    {t.Context(), d.app, staff.Public},
	} {
		if _, err := photo.Picture(tt.ctx, tt.db, tt.actor, id, photo.Thumbnail); !errors.Is(err, photo.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := photo.Of(tt.ctx, tt.db, tt.actor, of); !errors.Is(err, incident.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := d.count(`SELECT count(*) FROM audit WHERE action = 'look'`); n != 2 {
		t.Errorf("%d looks are recorded, want 2", n)
	}
}

func all(x float64) []picture.Area { return []picture.Area{{0, 0, x, 1}} }

func (d *desk) release(who person, id uuid.UUID, areas []picture.Area, covered bool) error {
	return photo.Release(who.ctx, d.app, d.turns, who.Actor, id, areas, covered, d.now)
}

func TestAPhotoIsReleasedWithFacesCoveredAndTakenBack(t *testing.T) {
	d := newDesk(t)
	id, loose, secret := uuid.New(), uuid.New(), uuid.New()
	for _, one := range []uuid.UUID{id, loose, secret} {
		d.send(d.worker, one, d.shot(0.5, 0.5))
	}
	d.report(d.worker, 0.5, 0.5, false, id)
	d.report(d.worker, 0.5, 0.5, true, secret)
	elsewhere := d.hold(staff.Dispatcher, d.grid("310115001001004"))
	for name, tt := range map[string]struct {
		who     person
		id      uuid.UUID
		areas   []picture.Area
		covered bool
		want    error
	}{
		"not looked at":               {d.director, id, all(0.5), false, photo.ErrUncovered},
		"areas beside it":             {d.director, id, all(1.5), true, picture.ErrAreas},
		"who does not dispatch":       {d.worker, id, all(0.5), true, staff.ErrForbidden},
		"who dispatches elsewhere":    {elsewhere, id, all(0.5), true, photo.ErrUnknown},
		"of a private incident":       {d.director, secret, all(0.5), true, photo.ErrPrivate},
		"none":                        {d.director, uuid.New(), all(0.5), true, photo.ErrUnknown},
		"of no report, another's":     {d.director, loose, all(0.5), true, photo.ErrUnknown},
		"of no report, and one's own": {d.worker, loose, all(0.5), true, photo.ErrLoose},
	} {
		if err := d.release(tt.who, tt.id, tt.areas, tt.covered); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := photo.Public(t.Context(), d.reader, id); !errors.Is(err, photo.ErrUnknown) {
		t.Errorf("before it is released: %v", err)
	}
	if err := d.release(d.director, id, all(0.5), true); err != nil {
		t.Fatal(err)
	}
	shown, err := photo.Public(t.Context(), d.reader, id)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := photo.Picture(d.worker.ctx, d.app, d.worker.Actor, id, photo.Whole)
	if err != nil {
		t.Fatal(err)
	}
	before, after := decoded(t, whole), decoded(t, shown)
	if before.Bounds() != after.Bounds() {
		t.Errorf("%v is shown as %v", before.Bounds(), after.Bounds())
	}
	if covered, open := difference(before, after, image.Rect(2, 2, 140, 390)), difference(before, after, image.Rect(170, 2, 298, 398)); covered < 5*open || open > 4 {
		t.Errorf("covered by %f, and by %f where nothing is marked", covered, open)
	}
	if err := d.release(d.director, id, nil, true); err != nil { // nobody is on it after all
		t.Fatal(err)
	}
	if again, err := photo.Public(t.Context(), d.reader, id); err != nil || bytes.Equal(again, shown) {
		t.Errorf("released anew: %v, the same %v", err, bytes.Equal(again, shown))
	}
	for range 2 {
		if err := photo.Withdraw(d.director.ctx, d.app, d.director.Actor, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := photo.Public(t.Context(), d.reader, id); !errors.Is(err, photo.ErrUnknown) {
		t.Errorf("taken back: %v", err)
	}
	if n := d.count(`SELECT count(*) FROM audit WHERE action IN ('release', 'withdraw-release')`); n != 3 {
		t.Errorf("%d acts are recorded, want 3", n)
	}
}

func (d *desk) grid(code string) (id int64) {
	d.Helper()
	if err := d.owner.QueryRow(d.Context(), `SELECT id FROM unit WHERE code = $1`, code).Scan(&id); err != nil {
		d.Fatal(err)
	}
	return id
}

func decoded(t *testing.T, body []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// difference is by how much two pictures differ in a part, on the average.
func difference(a, b image.Image, part image.Rectangle) (mean float64) {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			r1, _, b1, _ := a.At(x, y).RGBA()
			r2, _, b2, _ := b.At(x, y).RGBA()
			mean += math.Abs(float64(r1>>8)-float64(r2>>8)) + math.Abs(float64(b1>>8)-float64(b2>>8))
		}
	}
	return mean / float64(part.Dx()*part.Dy())
}

// The walls of the database hold where the program's are missing: nothing private is
// released, and once an incident is private nothing of it stays released.
func TestNothingPrivateIsReleasedWhateverTheProgramBelieves(t *testing.T) {
	d := newDesk(t)
	id, secret := uuid.New(), uuid.New()
	d.send(d.worker, id, d.shot(0.5, 0.5))
	d.send(d.worker, secret, d.shot(0.5, 0.5))
	of := d.report(d.worker, 0.5, 0.5, false, id)
	d.report(d.worker, 0.5, 0.5, true, secret)
	insert := func(who person, id uuid.UUID) error {
		_, err := d.app.Exec(who.ctx, `INSERT INTO photo_release (photo_id, body, areas, released_by) VALUES ($1, 'x', '[]', 'test')`, id)
		return err
	}
	for name, err := range map[string]error{
		"private":                insert(d.director, secret),
		"by who only records":    insert(d.worker, id),
		"by somebody from there": insert(d.neighbour, id),
	} {
		if !pg.ErrCode(err, "42501") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.release(d.director, id, nil, true); err != nil {
		t.Fatal(err)
	}
	d.exec(`UPDATE incident SET private = true WHERE id = $1`, of)
	if _, err := photo.Public(t.Context(), d.reader, id); !errors.Is(err, photo.ErrUnknown) {
		t.Errorf("private by now: %v", err)
	}
	for column := range map[string]bool{"body": true, "place": true, "account_id": true} {
		if _, err := d.reader.Exec(t.Context(), `SELECT `+column+` FROM photo`); !pg.ErrCode(err, "42501") {
			t.Errorf("the map's reader reads %s: %v", column, err)
		}
	}
	if tag, err := d.app.Exec(d.neighbour.ctx, `UPDATE photo SET place = NULL`); err != nil || tag.RowsAffected() != 0 {
		t.Errorf("another's photo was changed: %v, %v", tag, err)
	}
}

// What everybody sees of an incident names its released photos and no others.
func TestThePublicListNamesReleasedPhotosOnly(t *testing.T) {
	d := newDesk(t)
	d.exec(`INSERT INTO publication (published_on, reason, least, published_by) VALUES (current_date, 'first', 10, 't')`)
	d.exec(`INSERT INTO published_count (publication_id, unit_id, attribute, value) SELECT 1, id, 'households', 40 FROM unit WHERE code = '310115001001'`)
	first, second, kept := uuid.New(), uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{first, second, kept} {
		d.send(d.worker, id, d.shot(0.5, 0.5))
	}
	of := d.report(d.worker, 0.5, 0.5, false, second, kept, first)
	claimed := d.report(d.neighbour, 1.5, 0.5, false, first) // another's photo is not theirs
	if err := errors.Join(d.release(d.director, first, nil, true), d.release(d.director, second, nil, true)); err != nil {
		t.Fatal(err)
	}
	seen := func() map[string][]uuid.UUID {
		t.Helper()
		day := geo.DayOf(d.now)
		list, err := incident.OpenList(t.Context(), d.reader, incident.OpenFilter{From: day, To: day.AddDays(1)})
		if err != nil {
			t.Fatal(err)
		}
		by := map[string][]uuid.UUID{}
		for _, one := range list {
			by[one.Number] = one.Photos
		}
		return by
	}
	number := func(id uuid.UUID) (text string) {
		if err := d.owner.QueryRow(t.Context(), `SELECT public_number($1)`, id).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	if got := seen(); !slices.Equal(got[number(of)], []uuid.UUID{second, first}) || len(got) != 2 || len(got[number(claimed)]) != 0 {
		t.Errorf("%v; want %s with the second and the first", got, number(of))
	}
	if err := photo.Withdraw(d.director.ctx, d.app, d.director.Actor, second); err != nil {
		t.Fatal(err)
	}
	if got := seen(); !slices.Equal(got[number(of)], []uuid.UUID{first}) {
		t.Errorf("after one was taken back: %v", got)
	}
	if _, err := d.reader.Exec(t.Context(), `SELECT FROM incident_photo`); err == nil {
		t.Error("the map's reader reads what names photos")
	}
}

func TestPhotosGoWithTheirIncident(t *testing.T) {
	d := newDesk(t)
	id, other := uuid.New(), uuid.New()
	d.send(d.worker, id, d.shot(0.5, 0.5))
	d.send(d.worker, other, d.shot(0.5, 0.5))
	of := d.report(d.worker, 0.5, 0.5, false, id)
	d.report(d.worker, 0.5, 0.5, false, other)
	if err := d.release(d.director, id, nil, true); err != nil {
		t.Fatal(err)
	}
	d.exec(`DELETE FROM incident WHERE id = $1`, of)
	if n := d.count(`SELECT (SELECT count(*) FROM photo) * 100 + (SELECT count(*) FROM photo_release) * 10 + (SELECT count(*) FROM incident_photo)`); n != 101 {
		t.Errorf("photos, releases and names left: %03d, want 101", n)
	}
}
