// Package rule says whether the units of a division keep to the rules of the place:
// "30–50 households per block", "a committee above 3,000 households is split".
//
//	rule.go     rules and sets of them, which are data
//	words.go    what a planner reads, in Chinese and English
//	fact.go     what is known of a unit
//	check.go    facts against rules: findings, and what excuses them
//	ground.go   what lies on the ground, to count again while a border moves
//	homes.go    who a home on a border belongs to
//	shape.go    inside, overlap, perimeter, compactness
//	gate.go     rivers, railways and main roads, as pairs of places on either side
//
// It is pure: the same ground and units give the same findings. Counting is exact:
// a home belongs to the unit whose closed polygon covers it on the lattice, and on a
// common border to the lowest code, as everywhere. Areas and lengths are measures,
// in float64; no border is decided by one.
package rule

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"wangge/geo/fault"
)

// Kind is what a rule is about.
type Kind string

// The kinds of rules.
const (
	Households  Kind = "households"  // homes in a unit, at least and at most
	People      Kind = "people"      // head counts in a unit, where there are any
	Split       Kind = "split"       // above so many households a unit is split
	Area        Kind = "area"        // km², at least and at most
	Compactness Kind = "compactness" // Polsby–Popper, at least
	Walk        Kind = "walk"        // minutes on foot from one end to the other, at most
	Contiguous  Kind = "contiguous"  // one piece
	Inside      Kind = "inside"      // within the unit above as it is in force; max m² outside
	Compounds   Kind = "compounds"   // compounds and natural villages whole; max percent cut off
	Barriers    Kind = "barriers"    // not on both sides of a river, railway or main road; max metres
	Staffing    Kind = "staffing"    // posts that somebody holds: 1 + 2 + N
)

// Kinds are the kinds in the order in which they are listed.
func Kinds() []Kind {
	return []Kind{Households, People, Split, Area, Compactness, Walk, Contiguous, Inside, Compounds, Barriers, Staffing}
}

// Need is a line of a staffing rule: so many holders of posts of some kinds.
type Need struct {
	Kinds   []string `json:"kinds" minItems:"1" maxItems:"10" doc:"kinds of posts that count"`
	Min     int      `json:"min" minimum:"1" maximum:"1000"`
	TitleZh string   `json:"title_zh" minLength:"1" maxLength:"100"`
	TitleEn string   `json:"title_en" minLength:"1" maxLength:"100"`
}

// Rule is one rule. A hard one stops a draft unless it may be waived and is.
type Rule struct {
	ID       int64    `json:"id,omitempty" minimum:"0" doc:"0 or absent = a new rule"`
	Kind     Kind     `json:"kind" enum:"households,people,split,area,compactness,walk,contiguous,inside,compounds,barriers,staffing"`
	Level    string   `json:"level,omitempty" maxLength:"40" doc:"the level whose units it is for; empty = every one"`
	Hard     bool     `json:"hard" doc:"stops a draft, unless it is waived"`
	Waivable bool     `json:"waivable" doc:"of a hard rule: it may be waived with a reason. A soft rule always may"`
	Min      *float64 `json:"min,omitempty" doc:"households, people, km²; of compactness 0 to 1"`
	Max      *float64 `json:"max,omitempty" doc:"households, people, km², minutes; of inside m², of compounds percent, of barriers metres"`
	Occupied bool     `json:"occupied,omitempty" doc:"of households and split: homes known to stand empty do not count"`
	Needs    []Need   `json:"needs,omitempty" maxItems:"20" doc:"of staffing: what is needed; none = the template of the unit's level"`
	TextZh   string   `json:"text_zh,omitempty" maxLength:"300" doc:"in the planner's own words; empty = from the numbers"`
	TextEn   string   `json:"text_en,omitempty" maxLength:"300"`
	Source   string   `json:"source,omitempty" maxLength:"300" doc:"who asks for it"`

	// What people read: the text of their own, or the one made from the numbers.
	Zh string `json:"zh,omitempty" readOnly:"true"`
	En string `json:"en,omitempty" readOnly:"true"`
	// Titles of the level, for what people read; empty = a unit.
	LevelZh string `json:"-"`
	LevelEn string `json:"-"`
}

// Set is the rules that a draft is drawn by.
type Set struct {
	ID      int64  `json:"id"`
	Code    string `json:"code"`
	TitleZh string `json:"title_zh"`
	TitleEn string `json:"title_en"`
	Rules   []Rule `json:"rules"`
}

// ErrRules says which rules cannot be right.
var ErrRules = fault.New(fault.Invalid, "rules_wrong",
	"Some rules cannot be right; see the places. 部分规则有误，请按提示修改。")

// maxBound is more than any bound: people of a county, minutes of a day.
const maxBound = 1e9

// Validate returns ErrRules with a place for everything that is wrong.
func Validate(rules []Rule) error {
	var places []fault.Place
	for i, r := range rules {
		if detail := r.wrong(); detail != "" {
			places = append(places, fault.Place{Pointer: fmt.Sprintf("/rules/%d", i), Code: "rule_wrong", Detail: detail})
		}
	}
	if len(places) > 0 {
		return ErrRules.With(places...)
	}
	return nil
}

// bounds are which bounds a kind has, and how large they may be.
var bounds = map[Kind]struct {
	min, max bool
	most     float64
}{
	Households: {true, true, maxBound}, People: {true, true, maxBound}, Split: {false, true, maxBound},
	Area: {true, true, maxBound}, Compactness: {true, false, 1}, Walk: {false, true, 24 * 60},
	Contiguous: {}, Inside: {false, true, maxBound}, Compounds: {false, true, 50}, Barriers: {false, true, maxBound}, Staffing: {},
}

func (r Rule) wrong() string {
	b, known := bounds[r.Kind]
	switch {
	case !known:
		return "there is no such kind of rule"
	case r.Min != nil && !b.min || r.Max != nil && !b.max:
		return "a rule of this kind has no such bound"
	case (b.min || b.max) && r.Min == nil && r.Max == nil:
		return "a bound is missing"
	case !within(r.Min, b.most) || !within(r.Max, b.most):
		return fmt.Sprintf("a bound is at least 0 and at most %v", b.most)
	case r.Min != nil && r.Max != nil && *r.Min > *r.Max:
		return "the least is above the most"
	case r.Kind.counts() && !(whole(r.Min) && whole(r.Max)):
		return "households and people are counted in whole numbers"
	case len(r.Needs) > 0 && r.Kind != Staffing:
		return "posts are needed by a staffing rule only"
	case slices.ContainsFunc(r.Needs, func(n Need) bool { return len(n.Kinds) == 0 || n.Min < 1 || n.TitleZh == "" || n.TitleEn == "" }):
		return "a need names kinds of posts, how many, and a title in both languages"
	case r.Occupied && r.Kind != Households && r.Kind != Split:
		return "only homes can stand empty"
	case (strings.TrimSpace(r.TextZh) == "") != (strings.TrimSpace(r.TextEn) == ""):
		return "words of one's own are needed in both languages, or in neither"
	}
	return ""
}

func (k Kind) counts() bool { return k == Households || k == People || k == Split }

func within(bound *float64, most float64) bool {
	return bound == nil || *bound >= 0 && *bound <= most
}

func whole(bound *float64) bool { return bound == nil || *bound == math.Trunc(*bound) }

// May reports whether a finding of the rule may be waived.
func (r Rule) May() bool { return !r.Hard || r.Waivable }
