package rule

import (
	"cmp"
	"slices"
	"time"

	"wangge/geo"
	"wangge/geo/topology"
)

// Finding is a rule that a unit breaks. A draft has one at most for a rule and unit.
type Finding struct {
	Rule     int64      `json:"rule"`
	Kind     Kind       `json:"kind"`
	Ordinal  int        `json:"ordinal" doc:"of the unit in the draft"`
	Code     string     `json:"code"`
	Hard     bool       `json:"hard"`
	Waivable bool       `json:"waivable"`
	Value    float64    `json:"value" doc:"what was measured, in the measure of the bound"`
	Bound    float64    `json:"bound" doc:"what it should have been, at least or at most"`
	Zh       string     `json:"zh"`
	En       string     `json:"en"`
	At       geo.Point  `json:"-"` // a place in it to look at
	Point    [2]float64 `json:"at" doc:"a place to look at, [lon, lat]"`
	Waiver   *Waiver    `json:"waiver,omitempty"`
}

// Waiver excuses a unit of a draft from a rule.
type Waiver struct {
	Rule    int64     `json:"rule"`
	Ordinal int       `json:"ordinal"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Stops reports whether the finding keeps a draft from being adopted.
func (f Finding) Stops() bool { return f.Hard && f.Waiver == nil }

// Check holds facts against the rules of a set: hard findings first, then by unit,
// then by the order of the rules. It looks at these units and no other ones.
func Check(set Set, facts []Fact) []Finding {
	found := []Finding{}
	for i := range facts {
		var label geo.Point // made for the first finding that has no place of its own
		for _, r := range set.Rules {
			if r.Level != "" && r.Level != facts[i].Level {
				continue
			}
			b, broken := r.judge(&facts[i])
			if !broken {
				continue
			}
			if b.at == (geo.Point{}) {
				if label == (geo.Point{}) {
					label = topology.LabelPoint(facts[i].shape)
				}
				b.at = label
			}
			found = append(found, r.finding(&facts[i], b))
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		if a.Hard != b.Hard {
			if a.Hard {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Ordinal, b.Ordinal)
	})
	return found
}

// Excuse notes the waivers with the findings that they excuse. A hard rule that may
// not be waived is excused by none.
func Excuse(found []Finding, waivers []Waiver) {
	type key struct {
		rule    int64
		ordinal int
	}
	by := make(map[key]*Waiver, len(waivers))
	for i, w := range waivers {
		by[key{w.Rule, w.Ordinal}] = &waivers[i]
	}
	for i := range found {
		found[i].Waiver = nil
		if found[i].Waivable {
			found[i].Waiver = by[key{found[i].Rule, found[i].Ordinal}]
		}
	}
}

// breach is how a rule is broken.
type breach struct {
	value, bound float64
	least        bool // the bound is a least one
	zh, en       string
	at           geo.Point // zero = anywhere in the unit
}

// judge reports how a unit breaks the rule. What is not known breaks none.
func (r Rule) judge(f *Fact) (breach, bool) {
	switch r.Kind {
	case Households, Split:
		if f.Households == nil {
			return breach{}, false
		}
		n := *f.Households
		if r.Occupied {
			n -= *f.Empty
		}
		return r.between(float64(n))
	case People:
		if f.People == nil {
			return breach{}, false
		}
		return r.between(float64(*f.People))
	case Area:
		return r.between(f.Area / 1e6)
	case Compactness:
		if f.Pieces == 0 {
			return breach{}, false
		}
		return r.between(f.Compactness)
	case Walk:
		if f.Minutes == nil {
			return breach{}, false
		}
		return r.between(*f.Minutes)
	case Contiguous:
		return r.inPieces(f)
	case Inside:
		if f.Outside == nil || *f.Outside <= *r.Max {
			return breach{}, false
		}
		return breach{value: *f.Outside, bound: *r.Max, at: f.stray}, true
	case Compounds:
		return r.cut(f)
	case Barriers:
		return r.across(f)
	case Staffing:
		return r.unstaffed(f)
	}
	return breach{}, false
}

func (r Rule) between(value float64) (breach, bool) {
	switch {
	case r.Min != nil && value < *r.Min:
		return breach{value: value, bound: *r.Min, least: true}, true
	case r.Max != nil && value > *r.Max:
		return breach{value: value, bound: *r.Max}, true
	}
	return breach{}, false
}

// inPieces looks at the smallest piece: it is the one that strayed.
func (r Rule) inPieces(f *Fact) (breach, bool) {
	if f.Pieces <= 1 {
		return breach{}, false
	}
	smallest := slices.MinFunc(f.shape, func(a, b geo.Polygon) int {
		return cmp.Compare(geo.MultiPolygon{a}.SquareMeters(), geo.MultiPolygon{b}.SquareMeters())
	})
	return breach{value: float64(f.Pieces), bound: 1, at: topology.LabelPoint(geo.MultiPolygon{smallest})}, true
}

func (r Rule) cut(f *Fact) (b breach, broken bool) {
	var zh, en []string
	for _, c := range f.Cut {
		share := c.Share()
		if c.Own || share <= *r.Max {
			continue
		}
		nameZh, nameEn := called(c.Name, "compound")
		zh, en = append(zh, nameZh), append(en, nameEn)
		if share > b.value {
			b.value, b.at = share, c.At
		}
	}
	b.bound, b.zh, b.en = *r.Max, listed(zh, "、", "等"), listed(en, ", ", " and others")
	return b, len(zh) > 0
}

func (r Rule) across(f *Fact) (b breach, broken bool) {
	var zh, en []string
	for _, c := range f.Crossed {
		if c.Metres <= *r.Max {
			continue
		}
		nameZh, nameEn := called(c.Name, c.Kind)
		zh, en = append(zh, nameZh), append(en, nameEn)
		if c.Metres > b.value {
			b.value, b.at = c.Metres, c.At
		}
	}
	b.bound, b.zh, b.en = *r.Max, listed(zh, "、", "等"), listed(en, ", ", " and others")
	return b, len(zh) > 0
}

// unstaffed counts holders: a post that nobody holds fills no need.
func (r Rule) unstaffed(f *Fact) (b breach, broken bool) {
	needs := r.Needs
	if len(needs) == 0 {
		needs = f.Needs
	}
	var zh, en []string
	for _, n := range needs {
		held := 0
		for _, p := range f.Posts {
			if slices.Contains(n.Kinds, p.Kind) {
				held += p.Held
			}
		}
		b.bound += float64(n.Min)
		b.value += float64(min(held, n.Min))
		if held < n.Min {
			zh, en = append(zh, vacantZh(n, n.Min-held)), append(en, vacantEn(n, n.Min-held))
		}
	}
	b.least, b.zh, b.en = true, listed(zh, "、", "等"), listed(en, ", ", " and others")
	return b, len(zh) > 0
}

func (r Rule) finding(f *Fact, b breach) Finding {
	zh, en := r.broken(f, b)
	return Finding{Rule: r.ID, Kind: r.Kind, Ordinal: f.Ordinal, Code: f.Code, Hard: r.Hard, Waivable: r.May(),
		Value: b.value, Bound: b.bound, Zh: zh, En: en, At: b.at, Point: [2]float64(b.at.Degrees())}
}
