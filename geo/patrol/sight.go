package patrol

import (
	"maps"
	"slices"
	"time"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/track"
	"wangge/geo/walk"
)

const (
	// SwathMetres is how far beside a walk something is seen.
	SwathMetres = 25
	// seenShare is the part of a block's cells that one shift has to see on a day, for the
	// block to be seen.
	seenShare = 0.5
	// apart is how long somebody is away before coming back is another visit.
	apart = 5 * time.Minute
)

// zone is one that a track may have come to.
type zone struct {
	id    int64
	area  geo.MultiPolygon
	block bool
}

// stay is a time in a zone.
type stay struct {
	zone     int64
	from, to time.Time
}

// sight is what one shift saw on a day.
type sight struct {
	cells, parts, blocks []int64 // ascending
	stays                []stay
}

func (s sight) empty() bool { return len(s.cells) == 0 }

// segments are what is believed of the tracks of one shift on a day, each in the order of
// its times: that of the phone, and those of other programs.
func segments(tracks [2][]track.Fix) (list [][]track.Fix) {
	for _, fixes := range tracks {
		list = append(list, track.Segments(fixes, track.Clean(fixes, track.Usual), track.Usual)...)
	}
	return list
}

// look tells what was seen on segments of a day. n is nil where there is no map.
func look(n *walk.Network, zones []zone, segments [][]track.Fix) sight {
	cells, parts := map[int64]bool{}, map[int64]bool{}
	var s sight
	var pieces []track.Piece
	var matcher *track.Matcher
	if n != nil {
		matcher = track.NewMatcher(n, track.Usual)
		defer matcher.Release()
	}
	for _, segment := range segments {
		for _, seen := range track.Swath(segment, SwathMetres) {
			cells[int64(seen.Cell)] = true
		}
		if matcher != nil {
			pieces = append(pieces, matcher.Match(segment)...)
		}
		for _, z := range zones {
			s.stays = append(s.stays, stays(z, segment)...)
		}
	}
	if n != nil {
		for _, part := range track.Walked(n, pieces) {
			parts[int64(part.Key(n))] = true
		}
	}
	for _, z := range zones {
		if z.block && enough(z, cells) {
			s.blocks = append(s.blocks, z.id)
		}
	}
	s.cells, s.parts = slices.Sorted(maps.Keys(cells)), slices.Sorted(maps.Keys(parts))
	slices.Sort(s.blocks)
	return s
}

// stays are the times during which a segment lies in a zone. Its border is taken to be
// crossed half way between two fixes.
func stays(z zone, segment []track.Fix) (list []stay) {
	box := z.area.Bound()
	within := false
	for i, f := range segment {
		inside, on := false, false
		if box.Contains(f.Point) {
			inside, on = z.area.At(f.Point)
		}
		half := f.At
		if i > 0 {
			half = f.At.Add(-f.At.Sub(segment[i-1].At) / 2)
		}
		switch now := inside || on; {
		case now && within:
			list[len(list)-1].to = f.At
		case now:
			list = append(list, stay{z.id, half, f.At})
		case within:
			list[len(list)-1].to = half
		}
		within = inside || on
	}
	return list
}

// enough reports whether so much of a block was seen that the block was.
func enough(z zone, seen map[int64]bool) bool {
	all, err := cell.Fill(z.area, track.SeenResolution)
	if err != nil { // it holds more cells than anybody sees in a day
		return false
	}
	n := 0
	for _, c := range all {
		if seen[int64(c)] {
			n++
		}
	}
	return n > 0 && float64(n) >= seenShare*float64(len(all))
}

// home is for whose posts something counts.
type home struct {
	unit int64 // 0 = everywhere
	kind string
}

// The tables of counts.
const (
	inCells = iota
	inParts
	inZones
)

// counted is a row of a table of counts.
type counted struct {
	home
	table int
	id    int64 // of the cell, part or zone
}

// amount is what a row counts.
type amount struct{ teams, visits, seconds int }

// tally is by how much counts move.
type tally map[counted]amount

// add adds what a team saw on a day to the counts, or takes it away (sign -1). What several
// of it saw counts once, and so does the time that they were in a zone together. A stay that
// began before the day was a visit then.
func (t tally) add(h home, day geo.Day, team []sight, sign int) {
	once := map[counted]bool{}
	var together []stay
	for _, s := range team {
		for table, ids := range [...][]int64{inCells: s.cells, inParts: s.parts, inZones: s.blocks} {
			for _, id := range ids {
				once[counted{h, table, id}] = true
			}
		}
		together = append(together, s.stays...)
	}
	for row := range once {
		t.move(row, amount{teams: sign})
	}
	slices.SortFunc(together, func(a, b stay) int {
		if a.zone != b.zone {
			return int(min(1, max(-1, a.zone-b.zone)))
		}
		return a.from.Compare(b.from)
	})
	var last stay
	for _, s := range together {
		row := counted{h, inZones, s.zone}
		if s.zone != last.zone || s.from.Sub(last.to) > apart {
			if !s.from.Before(day.Start()) {
				t.move(row, amount{visits: sign})
			}
			last = stay{s.zone, s.from, s.from}
		}
		if s.from.After(last.to) {
			last.to = s.from // nobody was there in between
		}
		if s.to.After(last.to) {
			t.move(row, amount{seconds: sign * int(s.to.Sub(last.to)/time.Second)})
			last.to = s.to
		}
	}
}

func (t tally) move(row counted, by amount) {
	now := t[row]
	t[row] = amount{now.teams + by.teams, now.visits + by.visits, now.seconds + by.seconds}
}
