package crs

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// The results of Guard.
const (
	OK        = "ok"        // the evidence agrees with the claim
	Mismatch  = "mismatch"  // another system fits clearly better, or the claim is impossible
	Unchecked = "unchecked" // too little evidence, or it does not tell
)

// Verdict is what the guard thinks of a claim.
type Verdict struct {
	Result string `json:"result" enum:"ok,mismatch,unchecked"`
	// LooksLike is the system that fits, in a form that can be declared; empty
	// when nothing does.
	LooksLike CRS    `json:"looks_like,omitempty"`
	Why       string `json:"why"`
	WhyZh     string `json:"why_zh"`
	// Scores are the readings that were compared, the claim first.
	Scores []Score `json:"scores"`
}

// Score says how well the sample fits the evidence when read in one system.
type Score struct {
	CRS    CRS     `json:"crs"`
	Points int     `json:"points"` // that can be read so
	Near   float64 `json:"near"`   // share that lies where anything is known
	// The measure that tells most, its share of the points, and the share that
	// places moved at random have.
	Measure string  `json:"measure,omitempty"`
	Share   float64 `json:"share"`
	Chance  float64 `json:"chance"`
	// Strength is how many standard deviations the share lies above chance; 0
	// when it is no peak.
	Strength float64 `json:"strength"`

	measure measure
}

const (
	maxSample = 1500 // points that are looked at
	convinces = 6.5  // strength that refuses a claim
	supports  = 5.0  // strength that supports one
	farAway   = 30.0 // km: nothing known within
)

// Guard tests a claim against evidence. It reads the sample (coordinates as they
// stand in the file) as claimed and in every other system that is possible, and
// asks each time whether the points fall on what is known.
//
// What counts as a fit differs: borders follow borders and streets, doors stand
// in buildings and beside streets, households lie within their town. So no fixed
// threshold decides. Every reading is moved about by 100 to 900 m, and a reading
// counts only when it is a peak: it fits far better than its own surroundings.
// A claim is refused when another reading is such a peak and the claim is not.
func Guard(claim CRS, sample []orb.Point, ev Evidence) Verdict {
	g := &guard{claim: claim, sample: thin(sample, maxSample)}
	if len(g.sample) == 0 {
		return g.unchecked("The file has no coordinates.", "文件里没有坐标。")
	}
	g.readings = g.plausible()
	claimed := g.readings[0]
	where := newWhereabouts(ev)
	var near []*reading
	for _, r := range g.readings {
		r.Near = where.share(r.places)
		if r.Near >= 0.3 || r == claimed && r.Near >= 0.05 {
			near = append(near, r)
		}
	}
	if len(near) > 0 {
		compare(near, ev)
	}
	switch {
	case claimed.Points*2 < len(g.sample):
		return g.impossible(near)
	case len(near) == 0:
		return g.unchecked(
			"Nothing is known within a few kilometres of these places, so the claim cannot be checked.",
			"这些位置附近几公里内没有可对照的资料，无法核对坐标系。")
	case claimed.Near < 0.05:
		return g.elsewhere(near, where)
	}
	return g.decide(near)
}

// thin takes at most n points at even steps, always the same ones.
func thin(sample []orb.Point, n int) []orb.Point {
	if len(sample) <= n {
		return sample
	}
	out := make([]orb.Point, n)
	for i := range out {
		out[i] = sample[i*len(sample)/n]
	}
	return out
}

type guard struct {
	claim    CRS
	sample   []orb.Point
	readings []*reading // the claim first
}

// A reading is the sample in one system.
type reading struct {
	Score
	places []orb.Point // WGS 84; those that can be read
	middle orb.Point
	reason error // why the first unreadable one cannot be read
}

func read(c CRS, sample []orb.Point) *reading {
	r := &reading{Score: Score{CRS: c}}
	t, err := c.transform()
	if err != nil {
		r.reason = err
		return r
	}
	for _, p := range sample {
		place, err := t.toWGS84(p)
		if err != nil {
			if r.reason == nil {
				r.reason = err
			}
			continue
		}
		r.places = append(r.places, place)
	}
	r.Points = len(r.places)
	r.middle = middle(r.places)
	return r
}

// middle is the median of each coordinate, which a few stray points do not move.
func middle(places []orb.Point) (m orb.Point) {
	if len(places) == 0 {
		return m
	}
	one := make([]float64, len(places))
	for axis := range m {
		for i, p := range places {
			one[i] = p[axis]
		}
		slices.Sort(one)
		m[axis] = one[len(one)/2]
	}
	return m
}

// box holds the middle 96 % of the places in each direction.
func box(places []orb.Point) orb.Bound {
	var b orb.Bound
	one := make([]float64, len(places))
	for axis := range b.Min {
		for i, p := range places {
			one[i] = p[axis]
		}
		slices.Sort(one)
		b.Min[axis], b.Max[axis] = one[len(one)/50], one[len(one)-1-len(one)/50]
	}
	return b
}

// plausible reads the sample in the claimed system and in every other one that
// can have most of these coordinates, each in both orders. Systems that give the
// same places within a metre are one.
func (g *guard) plausible() []*reading {
	claimed := read(g.claim, g.sample)
	readings := []*reading{claimed}
	for _, swap := range []bool{false, true} {
		for _, info := range All() {
			c := info.Code
			if swap {
				c = c.Swapped()
			}
			if c == g.claim || read(c, thin(g.sample, 20)).Points == 0 {
				continue
			}
			r := read(c, g.sample)
			if r.Points < (len(g.sample)+1)/2 {
				continue
			}
			if !slices.ContainsFunc(readings, r.sameAs) {
				readings = append(readings, r)
			}
		}
	}
	return readings
}

func (r *reading) sameAs(o *reading) bool {
	return o.Points > 0 && kilometers(r.middle, o.middle) < 0.001
}

// impossible refuses a claim that cannot have these coordinates, whatever the
// evidence, and names the system that can if there is one.
func (g *guard) impossible(near []*reading) Verdict {
	claimed := g.readings[0]
	v := Verdict{Result: Mismatch, Scores: g.scores()}
	count := len(g.sample) - claimed.Points
	v.Why = fmt.Sprintf("%d of %d coordinates cannot be %s.", count, len(g.sample), short(g.claim))
	v.WhyZh = fmt.Sprintf("%d 个坐标中有 %d 个不可能是 %s。", len(g.sample), count, shortZh(g.claim))
	if detail := detailOf(claimed.reason); detail != "" {
		v.Why += " " + detail
	}
	if best := strongest(near); best != nil && best.Strength >= supports {
		en, zh := best.measure.sentence()
		v.LooksLike = best.CRS
		v.Why += fmt.Sprintf(" It looks like %s: read so, %s of %d points %s.", short(best.CRS), percent(best.Share), best.Points, en)
		v.WhyZh += fmt.Sprintf("看起来是 %s：这样读取时，%d 个点中 %s %s。", shortZh(best.CRS), best.Points, percent(best.Share), zh)
		return v
	}
	others := g.readings[1:]
	if len(near) > 0 {
		others = near
	}
	if len(others) == 1 {
		v.LooksLike = others[0].CRS
		v.Why += fmt.Sprintf(" They can be %s.", short(v.LooksLike))
		v.WhyZh += fmt.Sprintf("它们可以是 %s。", shortZh(v.LooksLike))
	}
	return v
}

// strongest is the reading that stands out most, nil among none.
func strongest(readings []*reading) *reading {
	var best *reading
	for _, r := range readings {
		if best == nil || r.Strength > best.Strength || r.Strength == best.Strength && r.Near > best.Near {
			best = r
		}
	}
	return best
}

// elsewhere judges a claim that puts the sample where nothing is known, while
// another reading puts it among what is known.
func (g *guard) elsewhere(near []*reading, where *whereabouts) Verdict {
	best := strongest(near)
	away := where.kilometers(g.readings[0].middle)
	if best.Strength < convinces && (best.Near < 0.9 || away < farAway) {
		return g.unchecked(
			fmt.Sprintf("Read as %s, the places lie %.0f km from everything known here, so the claim cannot be checked.", short(g.claim), away),
			fmt.Sprintf("按 %s 读取，这些位置距本地已有资料 %.0f 公里，无法核对坐标系。", shortZh(g.claim), away))
	}
	return Verdict{
		Result: Mismatch, LooksLike: best.CRS, Scores: g.scores(),
		Why: fmt.Sprintf("It looks like %s, not %s: read as %s, %s of %d points lie where streets or units are known; read as %s, they lie %.0f km away.",
			short(best.CRS), short(g.claim), short(best.CRS), percent(best.Near), best.Points, short(g.claim), away),
		WhyZh: fmt.Sprintf("看起来是 %s，不是 %s：按 %s 读取，%d 个点中 %s 落在已有道路或单元的范围；按 %s 读取，则在 %.0f 公里以外。",
			shortZh(best.CRS), shortZh(g.claim), shortZh(best.CRS), best.Points, percent(best.Near), shortZh(g.claim), away),
	}
}

// decide compares the claim with the strongest other reading.
func (g *guard) decide(near []*reading) Verdict {
	claimed := g.readings[0]
	best := strongest(slices.DeleteFunc(slices.Clone(near), func(r *reading) bool { return r == claimed }))
	switch {
	case best != nil && best.Strength >= convinces && best.Strength >= 2*claimed.Strength:
		return g.mismatch(best)
	case best != nil && best.Strength >= convinces && claimed.Strength > 0 && claimed.Strength < 2*best.Strength:
		return g.unchecked(
			fmt.Sprintf("Parts of the file look like %s and parts like %s. Split it by coordinate system.", short(g.claim), short(best.CRS)),
			fmt.Sprintf("文件一部分像 %s，一部分像 %s，请按坐标系拆分后再导入。", shortZh(g.claim), shortZh(best.CRS)))
	case claimed.Strength >= supports:
		return g.ok()
	}
	return g.unchecked(
		"What is known near these places fits no coordinate system clearly better than another, so the claim cannot be checked.",
		"这些位置附近的已有资料与各种坐标系的吻合程度没有明显差别，无法核对坐标系。")
}

func (g *guard) ok() Verdict {
	r := g.readings[0]
	en, zh := r.measure.sentence()
	return Verdict{
		Result: OK, LooksLike: r.CRS, Scores: g.scores(),
		Why: fmt.Sprintf("It fits %s: %s of %d points %s; moved by a few hundred metres it would be %s.",
			short(r.CRS), percent(r.Share), r.Points, en, percent(r.Chance)),
		WhyZh: fmt.Sprintf("与 %s 吻合：%d 个点中 %s %s；平移几百米后只有 %s。",
			shortZh(r.CRS), r.Points, percent(r.Share), zh, percent(r.Chance)),
	}
}

func (g *guard) mismatch(best *reading) Verdict {
	claimed := g.readings[0]
	en, zh := best.measure.sentence()
	share := claimed.measure.fit.share(best.measure.at)
	return Verdict{
		Result: Mismatch, LooksLike: best.CRS, Scores: g.scores(),
		Why: fmt.Sprintf("It looks like %s, not %s: read as %s, %s of %d points %s; read as %s, %s (%s by chance). The two are %s apart here.",
			short(best.CRS), short(g.claim), short(best.CRS), percent(best.Share), best.Points, en,
			short(g.claim), percent(share), percent(best.Chance), distance(kilometers(best.middle, claimed.middle), "m", "km")),
		WhyZh: fmt.Sprintf("看起来是 %s，不是 %s：按 %s 读取，%d 个点中 %s %s；按 %s 读取只有 %s（随机位置 %s）。两者在此相差 %s。",
			shortZh(best.CRS), shortZh(g.claim), shortZh(best.CRS), best.Points, percent(best.Share), zh,
			shortZh(g.claim), percent(share), percent(best.Chance), distance(kilometers(best.middle, claimed.middle), "米", "公里")),
	}
}

func (g *guard) unchecked(why, whyZh string) Verdict {
	return Verdict{Result: Unchecked, Why: why, WhyZh: whyZh, Scores: g.scores()}
}

// scores lists the claim and every reading that comes near anything known.
func (g *guard) scores() []Score {
	var list []Score
	for i, r := range g.readings {
		if i == 0 || r.Near >= 0.05 {
			list = append(list, r.Score)
		}
	}
	return list
}

func percent(share float64) string {
	switch {
	case share > 0 && share < 0.01:
		return fmt.Sprintf("%.1f%%", 100*share)
	case share < 1 && share > 0.99:
		return fmt.Sprintf("%.1f%%", math.Floor(1000*share)/10)
	}
	return fmt.Sprintf("%.0f%%", 100*share)
}

func distance(km float64, m, kilometers string) string {
	if km < 2 {
		return fmt.Sprintf("%.0f %s", 1000*km, m)
	}
	return fmt.Sprintf("%.0f %s", km, kilometers)
}

// short is the name of a system inside a sentence.
func short(c CRS) string {
	base, swapped := c.cut()
	name := string(base)
	switch base {
	case WGS84:
		name = "WGS 84"
	case CGCS2000:
		name = "CGCS2000"
	}
	if z, ok := base.zone(); ok {
		name = fmt.Sprintf("%s (%d-degree zone, meridian %g°E)", base, z.width, z.meridian)
	}
	if swapped {
		name += " with y before x"
	}
	return name
}

func shortZh(c CRS) string {
	base, swapped := c.cut()
	name := short(base)
	if z, ok := base.zone(); ok {
		name = fmt.Sprintf("%s（%d度带，中央经线 %g°）", base, z.width, z.meridian)
	}
	if swapped {
		name += "（先 y 后 x）"
	}
	return name
}
