package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/track"
	"wangge/geo/track/known"
	"wangge/geo/walk"
)

// matching lays tracks whose true way is known on streets.
func matching() Benchmark {
	return Benchmark{
		Name: "matching",
		About: "tracks laid on streets, how much of them agrees with the truth and what it costs: ours, against Valhalla on the same map; " +
			"vehicles in Shanghai, walks of other programs, generated walks with noise, gaps, outliers and wrong times",
		Run: runMatching,
	}
}

// tracks are a set of tracks on one map.
type tracks struct {
	name, about string
	streets     *streets
	limits      track.Limits
	costings    []string // of Valhalla's that are tried
	list        []knownTrack
	unjudged    string // why the agreement has no aim
}

// knownTrack is a track, and how a course is compared with the truth.
type knownTrack struct {
	fixes   []track.Fix
	compare func(drawn [][]geo.Point) known.Agreement
}

// streets are a map as both read it.
type streets struct {
	name    string
	extract []byte // .osm.pbf; none where the town is generated
	network *walk.Network
}

func runMatching(ctx context.Context, lab Lab) ([]Row, error) {
	sets, without, err := knownTracks(ctx, lab)
	if err != nil {
		return nil, err
	}
	v, why, err := openValhalla(ctx)
	if err != nil {
		return nil, err
	}
	if v != nil {
		defer v.close()
	}
	built := map[*streets]bool{}
	var rows []Row
	for _, set := range sets {
		ours, spent, err := set.ours()
		if err != nil {
			return nil, err
		}
		peer := laid{why: why}
		switch {
		case set.streets.extract == nil:
			peer.why = "Valhalla reads an .osm.pbf, and this town has none"
		case v != nil:
			if !built[set.streets] {
				lab.Say("matching: Valhalla builds its network of %s", set.streets.name)
				file := set.streets.name + ".osm.pbf"
				if err := v.write(file, set.streets.extract); err != nil {
					return nil, err
				}
				if err := v.build(ctx, set.streets.name, file); err != nil {
					return nil, err
				}
				built[set.streets] = true
			}
			if peer, err = set.theirs(ctx, v); err != nil {
				return nil, err
			}
		}
		rows = append(rows, set.rows(ours, spent, peer)...)
	}
	if without != "" && len(rows) > 0 {
		rows[0].Notes += "; " + without
	}
	return rows, nil
}

// laid is what became of a set of tracks.
type laid struct {
	known.Agreement
	spent time.Duration // of the processors, for all of them
	how   string        // what it was told
	why   string        // there is none
}

// rows of a set: the agreement, and what a track costs.
func (s tracks) rows(ours known.Agreement, spent time.Duration, peer laid) []Row {
	fixes := 0
	for _, t := range s.list {
		fixes += len(t.fixes)
	}
	data := fmt.Sprintf("%s: %d tracks, %d fixes", s.about, len(s.list), fixes)
	agree := moreOf("matching-"+s.name, ours.F(), peer.F(), "F", data)
	each := less("matching-"+s.name+"-time", spent.Seconds()*1e3/float64(len(s.list)), peer.spent.Seconds()*1e3/float64(len(s.list)), "ms", data)
	each.CPUOurs, each.CPUPeer = spent.Seconds(), peer.spent.Seconds()
	said := fmt.Sprintf("%.1f %% of the true way found, %.1f %% of what was drawn true", 100*ours.Recall(), 100*ours.Precision())
	rate := fmt.Sprintf("a track; %.0f fixes in a second of one processor", float64(fixes)/max(spent.Seconds(), 1e-9))
	if peer.why != "" {
		return []Row{agree.note("%s; no peer: %s", said, peer.why), each.note("%s; no peer: %s", rate, peer.why)}
	}
	agree = agree.note("%s; the peer: Valhalla, %s, %.1f and %.1f %%", said, peer.how, 100*peer.Recall(), 100*peer.Precision())
	each = each.note("%s; the peer %.0f", rate, float64(fixes)/max(peer.spent.Seconds(), 1e-9))
	if s.unjudged != "" {
		agree.Notes += "; " + s.unjudged
		return []Row{agree, each.atLeast(1)}
	}
	return []Row{agree.atLeast(1), each.atLeast(1)}
}

// ours cleans and matches each track, as the server does with those of a shift.
func (s tracks) ours() (sum known.Agreement, spent time.Duration, err error) {
	m := track.NewMatcher(s.streets.network, s.limits)
	defer m.Release()
	for _, t := range s.list {
		var lines [][]geo.Point
		for range 2 { // the second time everything is warm, as it is for the peer
			lines = nil
			took, err := eachWithoutSweep(func() {
				fixes := track.Timed(t.fixes)
				for _, segment := range track.Segments(fixes, track.Clean(fixes, s.limits), s.limits) {
					for _, p := range m.Match(segment) {
						lines = append(lines, p.Line(s.streets.network))
					}
				}
			})
			if err != nil {
				return sum, 0, err
			}
			spent += took / 2
		}
		sum.Add(t.compare(lines))
	}
	return sum, spent, nil
}

// traceRequest goes to Valhalla's trace_attributes.
type traceRequest struct {
	Shape   []tracePoint   `json:"shape"`
	Costing string         `json:"costing"`
	Match   string         `json:"shape_match"`
	Options map[string]any `json:"trace_options,omitempty"`
	Filters traceFilters   `json:"filters"`
}

type tracePoint struct {
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	Time *int64  `json:"time,omitempty"` // seconds since 1970
}

type traceFilters struct {
	Attributes []string `json:"attributes"`
	Action     string   `json:"action"`
}

// ways are how Valhalla can be asked. It takes single fixes for exact: that it skips those
// nearer than so many metres to the one before does it more good than anything else. Its
// gps_accuracy changes nothing.
var ways = []struct {
	how     string
	cleaned bool // it gets what our cleaning has left, segment by segment
	options map[string]any
}{
	{"by its defaults", false, nil},
	{"with a fix each 30 m", false, map[string]any{"interpolation_distance": 30}},
	{"with a fix each 60 m", false, map[string]any{"interpolation_distance": 60}},
	{"after our cleaning", true, nil},
	{"after our cleaning, with a fix each 30 m", true, map[string]any{"interpolation_distance": 30}},
	{"after our cleaning, with a fix each 60 m", true, map[string]any{"interpolation_distance": 60}},
	{"after our cleaning, with a fix each 60 m and streets within 100", true, map[string]any{"interpolation_distance": 60, "search_radius": 100}},
}

// theirs lays the tracks with Valhalla in each of the ways, and keeps what agrees best
// with the truth.
func (s tracks) theirs(ctx context.Context, v *valhalla) (best laid, err error) {
	for _, costing := range s.costings {
		for _, way := range ways {
			var questions []traceRequest
			var of []int // the track of each question
			for i, t := range s.list {
				segments := [][]track.Fix{t.fixes}
				if way.cleaned {
					fixes := track.Timed(t.fixes)
					segments = track.Segments(fixes, track.Clean(fixes, s.limits), s.limits)
				}
				for _, segment := range segments {
					if len(segment) > 1 {
						questions, of = append(questions, question(segment, costing, way.options)), append(of, i)
					}
				}
			}
			var answers []struct {
				MS    float64
				Lines [][]orb.Point
			}
			if err := v.ask(ctx, "trace.mjs", s.streets.name, questions, &answers); err != nil {
				return best, err
			}
			got := laid{how: costing + ", " + way.how}
			drawn := make([][][]geo.Point, len(s.list))
			for k, a := range answers {
				got.spent += time.Duration(a.MS * 1e6)
				for _, line := range a.Lines {
					var l []geo.Point
					for _, p := range line {
						l = append(l, geo.Snap(p))
					}
					drawn[of[k]] = append(drawn[of[k]], l)
				}
			}
			for i, t := range s.list {
				got.Add(t.compare(drawn[i]))
			}
			if best.how == "" || got.F() > best.F() {
				best = got
			}
		}
	}
	return best, nil
}

func question(fixes []track.Fix, costing string, options map[string]any) traceRequest {
	q := traceRequest{Costing: costing, Match: "map_snap", Options: options, Filters: traceFilters{[]string{"edge.begin_shape_index", "edge.end_shape_index", "shape"}, "include"}}
	for _, f := range fixes {
		at := f.Point.Degrees()
		a := tracePoint{Lat: at[1], Lon: at[0]}
		if !f.At.IsZero() {
			seconds := f.At.Unix()
			a.Time = &seconds
		}
		q.Shape = append(q.Shape, a)
	}
	return q
}

// knownTracks are all there are; without says which are not at hand.
func knownTracks(ctx context.Context, lab Lab) (sets []tracks, without string, err error) {
	if lab.Data == "" || lab.Scale.Name == Smoke.Name {
		demo, err := inDemoTown(ctx, lab.Scale.Walk)
		if err != nil {
			return nil, "", err
		}
		return strolls(&streets{name: "demo", network: demo.network}, lab.Scale.Strolls, true), "", nil
	}
	var missing []string
	for _, part := range []func(context.Context, Lab) ([]tracks, error){drives, hikes, strollsAbroad, strollsInShenzhen} {
		got, err := part(ctx, lab)
		var gone *fs.PathError
		switch {
		case errors.As(err, &gone) && errors.Is(err, fs.ErrNotExist):
			missing = append(missing, filepath.Base(gone.Path)+" is not at hand")
		case err != nil:
			return nil, "", err
		}
		sets = append(sets, got...)
	}
	return sets, strings.Join(missing, ", "), nil
}

// readStreets reads a map in the folder of real ones.
func readStreets(ctx context.Context, lab Lab, name string, path ...string) (*streets, error) {
	text, err := os.ReadFile(filepath.Join(append([]string{lab.Data}, path...)...))
	if err != nil {
		return nil, err
	}
	return streetsOf(ctx, name, text)
}

func streetsOf(ctx context.Context, name string, extract []byte) (*streets, error) {
	n, _, err := network.Walking(ctx, bytes.NewReader(extract), int64(len(extract)))
	return &streets{name, extract, n}, err
}

func drives(ctx context.Context, lab Lab) ([]tracks, error) {
	on, err := readStreets(ctx, lab, "shanghai", "osm-cn", "shanghai-renminguangchang.osm.pbf")
	if err != nil {
		return nil, err
	}
	set := tracks{name: "shanghai", about: "vehicles, the parts on Renminguangchang's streets", streets: on, limits: known.VehicleLimits, costings: []string{"pedestrian", "auto"}}
	for _, name := range known.Vehicles {
		whole, err := known.ReadDrive(filepath.Join(lab.Data, "tracks-amm-shanghai"), name)
		if err != nil {
			return nil, err
		}
		d := whole.Within(on.network)
		set.list = append(set.list, knownTrack{d.Fixes, func(drawn [][]geo.Point) known.Agreement { return d.Compare(on.network, drawn) }})
	}
	return []tracks{set}, nil
}

func hikes(ctx context.Context, lab Lab) (sets []tracks, err error) {
	for _, name := range known.Hikes {
		h, err := known.ReadHike(filepath.Join(lab.Data, "tracks-gpx"), name)
		if err != nil {
			return nil, err
		}
		on, err := streetsOf(ctx, name, h.Extract)
		if err != nil {
			return nil, err
		}
		sets = append(sets, tracks{name: name, about: "a walk without usable times on its own map", streets: on, limits: track.Usual, costings: []string{"pedestrian"},
			list: []knownTrack{{h.Fixes, func(drawn [][]geo.Point) known.Agreement { return h.Compare(on.network, drawn) }}}})
	}
	return sets, nil
}

func strollsAbroad(ctx context.Context, lab Lab) ([]tracks, error) {
	on, err := readStreets(ctx, lab, "liechtenstein", "liechtenstein", "liechtenstein.osm.pbf")
	if err != nil {
		return nil, err
	}
	return strolls(on, lab.Scale.Strolls, true), nil
}

func strollsInShenzhen(ctx context.Context, lab Lab) ([]tracks, error) {
	on, err := readStreets(ctx, lab, "longgang", "osm-cn", "shenzhen-longgang.osm.pbf")
	if err != nil {
		return nil, err
	}
	return strolls(on, lab.Scale.Strolls, false), nil
}

// strolls are generated walks of 1.5 km with a fix every five seconds, with growing noise
// and with what else goes wrong.
func strolls(on *streets, count int, faulty bool) (sets []tracks) {
	generate := func(name, about string, noise float64, limits track.Limits, change func([]track.Fix, *rand.Rand) []track.Fix) {
		set := tracks{name: on.name + "-" + name, about: about + " in " + on.name, streets: on, limits: limits, costings: []string{"pedestrian"}}
		r := rand.New(rand.NewPCG(7, uint64(noise)))
		for range count {
			s := known.Wander(on.network, r, 1500, 5, noise)
			truth := s.Lines(on.network)
			set.list = append(set.list, knownTrack{change(s.Fixes, r), func(drawn [][]geo.Point) known.Agreement { return known.Compare(truth, drawn, 5) }})
		}
		sets = append(sets, set)
	}
	as := func(fixes []track.Fix, _ *rand.Rand) []track.Fix { return fixes }
	for _, noise := range []float64{5, 10, 20, 30} {
		generate(fmt.Sprintf("%.0f", noise), fmt.Sprintf("walks with noise of %.0f m", noise), noise, track.Usual, as)
	}
	if faulty {
		gaps := func(f []track.Fix, _ *rand.Rand) []track.Fix { return known.WithGaps(f) }
		bridged := track.Usual
		bridged.Gap = 5 * time.Minute
		generate("gaps-bridged", "walks with noise of 8 m and gaps of two and a half minutes, through which a way is guessed,", 8, bridged, gaps)
		generate("gaps", "walks with noise of 8 m and gaps of two and a half minutes", 8, track.Usual, gaps)
		sets[len(sets)-1].unjudged = "as patrols are matched: in a gap of more than a minute nothing was seen, so no way is guessed, and what was walked there counts against us"
		generate("outliers", "walks with noise of 8 m and one fix in 25 550 m away", 8, track.Usual, known.WithOutliers)
		generate("no-times", "walks with noise of 8 m and no times", 8, track.Usual, func(f []track.Fix, _ *rand.Rand) []track.Fix { return known.WithoutTimes(f) })
		generate("1901", "walks with noise of 8 m and one fix in ten from 1901", 8, track.Usual, known.WithOldTimes)
	}
	return sets
}
