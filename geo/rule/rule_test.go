package rule

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func f(v float64) *float64 { return &v }
func n(v int) *int         { return &v }

func TestRulesThatCannotBeRightAreRefusedAtTheirPlace(t *testing.T) {
	worker := []Need{{Kinds: []string{"worker"}, Min: 1, TitleZh: "网格员", TitleEn: "worker"}}
	tests := []struct {
		name string
		rule Rule
		want string // part of the detail; "" = right
	}{
		{"homes per block", Rule{Kind: Households, Min: f(30), Max: f(50)}, ""},
		{"homes at most", Rule{Kind: Households, Max: f(50), Occupied: true}, ""},
		{"no bound", Rule{Kind: Households}, "missing"},
		{"least above most", Rule{Kind: Households, Min: f(50), Max: f(30)}, "above"},
		{"half a household", Rule{Kind: Households, Max: f(30.5)}, "whole"},
		{"half a square kilometre", Rule{Kind: Area, Max: f(0.5)}, ""},
		{"negative", Rule{Kind: People, Min: f(-1)}, "at least 0"},
		{"compactness above a disc's", Rule{Kind: Compactness, Min: f(1.1)}, "at most 1"},
		{"compactness at most", Rule{Kind: Compactness, Max: f(0.5)}, "no such bound"},
		{"contiguous has no bound", Rule{Kind: Contiguous, Max: f(1)}, "no such bound"},
		{"contiguous", Rule{Kind: Contiguous}, ""},
		{"barriers without metres", Rule{Kind: Barriers}, "missing"},
		{"more than half of a compound", Rule{Kind: Compounds, Max: f(60)}, "at most 50"},
		{"staffing by the template", Rule{Kind: Staffing}, ""},
		{"staffing", Rule{Kind: Staffing, Needs: worker}, ""},
		{"staffing without a title", Rule{Kind: Staffing, Needs: []Need{{Kinds: []string{"worker"}, Min: 1}}}, "title"},
		{"staffing of nobody", Rule{Kind: Staffing, Needs: []Need{{Kinds: []string{"worker"}, TitleZh: "x", TitleEn: "x"}}}, "how many"},
		{"needs of homes", Rule{Kind: Households, Max: f(1), Needs: worker}, "staffing rule only"},
		{"empty people", Rule{Kind: People, Max: f(1), Occupied: true}, "stand empty"},
		{"words in one language", Rule{Kind: Contiguous, TextZh: "连成一片"}, "both languages"},
		{"no such kind", Rule{Kind: "beauty"}, "no such kind"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules := make([]Rule, i) // the places count from the first rule
			for j := range rules {
				rules[j] = Rule{Kind: Contiguous}
			}
			err := Validate(append(rules, tt.rule))
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrRules) {
				t.Fatalf("got %v, want ErrRules", err)
			}
			places := fault.Of(err).Places
			if len(places) != 1 || places[0].Pointer != fmt.Sprintf("/rules/%d", i) || !strings.Contains(places[0].Detail, tt.want) {
				t.Errorf("places %+v; want %q at rule %d", places, tt.want, i)
			}
		})
	}
}

func TestWordsFollowTheNumbers(t *testing.T) {
	tests := []struct {
		rule   Rule
		zh, en string
	}{
		{Rule{Kind: Households, Min: f(30), Max: f(50), LevelZh: "片", LevelEn: "Block"}, "每个片 30–50 户", "30–50 households in each block"},
		{Rule{Kind: Households, Max: f(1200), Occupied: true}, "每个单元不超过 1,200 户（不含空置）", "At most 1,200 households in each unit, empty homes left out"},
		{Rule{Kind: People, Min: f(800)}, "每个单元不少于 800 人", "At least 800 people in each unit"},
		{Rule{Kind: Split, Max: f(3000), LevelZh: "村(社区)", LevelEn: "Village"}, "村(社区)超过 3,000 户须拆分", "Above 3,000 households the village is split"},
		{Rule{Kind: Area, Max: f(0.25)}, "每个单元不超过 0.25 平方公里", "At most 0.25 km² in each unit"},
		{Rule{Kind: Compactness, Min: f(0.2)}, "单元紧凑度（Polsby–Popper）不低于 0.2", "Compactness (Polsby–Popper) of each unit at least 0.2"},
		{Rule{Kind: Walk, Max: f(15)}, "步行穿过单元不超过 15 分钟", "At most 15 minutes on foot across each unit"},
		{Rule{Kind: Staffing, Needs: []Need{{Min: 1, TitleZh: "网格长", TitleEn: "leader"}, {Min: 2, TitleZh: "网格员", TitleEn: "worker"}}},
			"每个单元配网格长 1 名、网格员 2 名", "Each unit has 1 × leader, 2 × worker"},
		{Rule{Kind: Contiguous, TextZh: "不许分家", TextEn: "No exclaves"}, "不许分家", "No exclaves"},
	}
	for _, tt := range tests {
		if got := tt.rule.Words(); got.Zh != tt.zh || got.En != tt.en {
			t.Errorf("%s: %q, %q; want %q, %q", tt.rule.Kind, got.Zh, got.En, tt.zh, tt.en)
		}
	}
	for _, k := range Kinds() {
		if _, known := bounds[k]; !known {
			t.Errorf("%s has no bounds", k)
		}
		if r := (Rule{Kind: k, Min: f(0.1), Max: f(1)}).Words(); r.Zh == string(k) || r.En == string(k) {
			t.Errorf("%s has no words", k)
		}
	}
}

func TestNumbersHaveCommasAndNoNeedlessPlaces(t *testing.T) {
	for want, got := range map[string]string{
		"0": digits(0, 0), "999": digits(999, 0), "1,000": digits(999.6, 0), "1,234,567": digits(1234567, 0), "0.2": digits(0.2, 3),
		"1,234.5": digits(1234.5, 3), "12": digits(12, 2), "100": digits(100, 2),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	b := breach{value: 0.19996, bound: 0.2}
	if got := b.measured(2); got != "0.19996" {
		t.Errorf("what breaks a bound reads as the bound: %s", got)
	}
}

const lon, lat = 1_201_000_000, 302_000_000

// box is a rectangle, in steps from a place in China.
func box(x0, y0, x1, y1 int32) geo.Ring {
	return geo.Ring{{X: lon + x0, Y: lat + y0}, {X: lon + x1, Y: lat + y0}, {X: lon + x1, Y: lat + y1}, {X: lon + x0, Y: lat + y1}}
}

func area(rings ...geo.Ring) geo.MultiPolygon { return geo.MultiPolygon{rings} }

// plain is a unit that keeps to every rule.
func plain() Fact {
	return Fact{Ordinal: 7, Code: "001", Name: "北片", Level: "block", Area: 40_000, Compactness: 0.7, Pieces: 1, Households: n(40), Empty: n(3), People: n(100),
		Incidents: n(0), Outside: f(0), Posts: []Posts{{"leader", 1, 1}, {"worker", 2, 1}, {"part-time-worker", 1, 1}}, Minutes: f(9), shape: area(box(0, 0, 2000, 2000))}
}

func TestAUnitThatKeepsToARuleHasNoFindingAndOneThatDoesNotHasOne(t *testing.T) {
	template := []Need{{[]string{"leader"}, 1, "片长", "leader"}, {[]string{"worker", "part-time-worker"}, 2, "网格员", "worker"}}
	tests := []struct {
		name         string
		rule         Rule
		spoil        func(*Fact)
		value, bound float64
		zh, en       string
	}{
		{"too many homes", Rule{Kind: Households, Min: f(30), Max: f(50)}, func(x *Fact) { x.Households = n(51) }, 51, 50, "“北片”有 51 户，至多 50", "“北片” has 51 households; at most 50"},
		{"too few homes", Rule{Kind: Households, Min: f(30), Max: f(50)}, func(x *Fact) { x.Households = n(1) }, 1, 30, "“北片”有 1 户，至少 30", "“北片” has 1 household; at least 30"},
		{"too few lived in", Rule{Kind: Households, Min: f(30), Occupied: true}, func(x *Fact) { x.Empty = n(11) }, 29, 30, "“北片”有 29 户，至少 30（不含空置）", "“北片” has 29 households; at least 30 (empty homes left out)"},
		{"too many people", Rule{Kind: People, Max: f(1000)}, func(x *Fact) { x.People = n(1001) }, 1001, 1000, "“北片”有 1,001 人，至多 1,000", "“北片” has 1,001 people; at most 1,000"},
		{"a committee above 3,000", Rule{Kind: Split, Max: f(3000)}, func(x *Fact) { x.Households = n(3001) }, 3001, 3000, "“北片”有 3,001 户，至多 3,000，须拆分", "“北片” has 3,001 households; at most 3,000: split it"},
		{"too large", Rule{Kind: Area, Max: f(0.5)}, func(x *Fact) { x.Area = 500_001 }, 0.500001, 0.5, "“北片”面积 0.500001 平方公里，至多 0.5", "“北片” covers 0.500001 km²; at most 0.5"},
		{"a strip", Rule{Kind: Compactness, Min: f(0.2)}, func(x *Fact) { x.Compactness = 0.1234 }, 0.1234, 0.2, "“北片”紧凑度 0.123，至少 0.2", "“北片” has a compactness of 0.123; at least 0.2"},
		{"a long walk", Rule{Kind: Walk, Max: f(15)}, func(x *Fact) { x.Minutes = f(22.34) }, 22.34, 15, "“北片”步行穿过需 22.3 分钟，至多 15", "“北片” takes 22.3 minutes to cross on foot; at most 15"},
		{"two pieces", Rule{Kind: Contiguous}, func(x *Fact) {
			x.Pieces, x.shape = 2, geo.MultiPolygon{{box(0, 0, 2000, 2000)}, {box(5000, 5000, 5100, 5100)}}
		}, 2, 1, "“北片”分成 2 块", "“北片” is in 2 pieces"},
		{"over the village's border", Rule{Kind: Inside, Max: f(50)}, func(x *Fact) { x.Outside = f(50.4) }, 50.4, 50, "“北片”越出上级现行边界 51 平方米", "“北片” reaches 51 m² out of the unit above as it is in force"},
		{"a compound cut", Rule{Kind: Compounds, Max: f(5)}, func(x *Fact) {
			x.Cut = []Cut{{Name: "荷花苑", Inside: 60, Other: 40}, {Name: "东角", Inside: 99, Other: 1}, {Name: "大院", Inside: 50, Other: 50, Own: true}, {Inside: 20, Other: 80}}
		}, 40, 5, "“北片”边界分割荷花苑、小区或自然村：切出 40%", "“北片” cuts 荷花苑, a compound or natural village: 40% of the land is cut off"},
		{"over a river", Rule{Kind: Barriers, Max: f(100)}, func(x *Fact) {
			x.Crossed = []Across{{Kind: "river", Metres: 320}, {Kind: "primary", Name: "太湖路", Metres: 100}}
		}, 320, 100, "“北片”跨越河流，两侧均有土地 320 米，至多 100", "“北片” lies on both sides of a river for 320 m; at most 100"},
		{"a vacancy", Rule{Kind: Staffing, Needs: template}, func(x *Fact) { x.Posts = []Posts{{"leader", 1, 0}, {"worker", 1, 1}, {"part-time-worker", 1, 1}} }, 2, 3,
			"“北片”缺片长 1 名（应有 3，在岗 2）", "“北片” lacks 1 × leader (2 of 3 are there)"},
		{"the template's vacancy", Rule{Kind: Staffing}, func(x *Fact) { x.Needs, x.Posts = template, []Posts{{"leader", 1, 1}} }, 1, 3,
			"“北片”缺网格员 2 名（应有 3，在岗 1）", "“北片” lacks 2 × worker (1 of 3 are there)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.rule.ID, tt.rule.Hard = 3, true
			set := Set{Rules: []Rule{tt.rule}}
			fact := plain()
			if got := Check(set, []Fact{fact}); len(got) != 0 {
				t.Fatalf("a unit that keeps to it: %+v", got)
			}
			tt.spoil(&fact)
			got := Check(set, []Fact{plain(), fact})
			if len(got) != 1 {
				t.Fatalf("%d findings, want 1: %+v", len(got), got)
			}
			one := got[0]
			if one.Rule != 3 || one.Ordinal != 7 || one.Code != "001" || !one.Hard || one.Waivable || !one.Stops() || one.Value != tt.value || one.Bound != tt.bound {
				t.Errorf("got %+v, want value %v against %v", one, tt.value, tt.bound)
			}
			if one.Zh != tt.zh || one.En != tt.en {
				t.Errorf("it says %q, %q; want %q, %q", one.Zh, one.En, tt.zh, tt.en)
			}
			if one.Kind == Contiguous && !newShape(area(box(5000, 5000, 5100, 5100))).covers(one.At) {
				t.Errorf("the place %v is not in the piece that strayed", one.At)
			}
			tt.rule.Level = "village"
			if got := Check(Set{Rules: []Rule{tt.rule}}, []Fact{fact}); len(got) != 0 {
				t.Errorf("a rule of another level: %+v", got)
			}
		})
	}
}

func TestWhatIsNotKnownBreaksNoRule(t *testing.T) {
	unknown := Fact{Ordinal: 1, shape: area(box(0, 0, 10, 10))}
	set := Set{Rules: []Rule{{Kind: Compactness, Min: f(0.9)}, {Kind: Contiguous}, {Kind: Households, Min: f(30)}, {Kind: Households, Min: f(30), Occupied: true}, {Kind: Split, Max: f(0)}, {Kind: People, Min: f(1)}, {Kind: Walk, Max: f(0)}, {Kind: Inside, Max: f(0)}}}
	if got := Check(set, []Fact{unknown}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := Check(set, nil); got == nil || len(got) != 0 {
		t.Errorf("no units: %#v, want an empty list", got)
	}
}

func TestHardFindingsComeFirstThenByUnitThenByRule(t *testing.T) {
	set := Set{Rules: []Rule{{ID: 1, Kind: Households, Max: f(1)}, {ID: 2, Kind: People, Max: f(1), Hard: true}, {ID: 3, Kind: Area, Max: f(0)}}}
	a, b := plain(), plain()
	a.Ordinal, b.Ordinal = 2, 1
	var got []string
	for _, x := range Check(set, []Fact{a, b}) {
		got = append(got, fmt.Sprint(x.Rule, "/", x.Ordinal))
	}
	if want := "2/1 2/2 1/1 3/1 1/2 3/2"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAWaiverExcusesOnlyWhatMayBeWaived(t *testing.T) {
	rules := []Rule{{ID: 1, Kind: Households, Max: f(1)}, {ID: 2, Kind: People, Max: f(1), Hard: true}, {ID: 3, Kind: Area, Max: f(0), Hard: true, Waivable: true}}
	a, b := plain(), plain()
	b.Ordinal = 8
	found := Check(Set{Rules: rules}, []Fact{a, b})
	var waivers []Waiver
	for rule := int64(1); rule <= 4; rule++ {
		waivers = append(waivers, Waiver{Rule: rule, Ordinal: 7, Reason: "等待拆迁", By: "account:1", At: time.Unix(0, 0)})
	}
	Excuse(found, waivers)
	for _, x := range found {
		excused := x.Waiver != nil
		if want := x.Ordinal == 7 && x.Rule != 2; excused != want || excused && (x.Waiver.Reason != "等待拆迁" || x.Waiver.Rule != x.Rule) {
			t.Errorf("rule %d, unit %d: waiver %+v, want one: %v", x.Rule, x.Ordinal, x.Waiver, want)
		}
		if want := x.Hard && !excused; x.Stops() != want {
			t.Errorf("rule %d, unit %d stops: %v", x.Rule, x.Ordinal, x.Stops())
		}
	}
	Excuse(found, nil)
	for _, x := range found {
		if x.Waiver != nil {
			t.Errorf("rule %d keeps a waiver that was taken back", x.Rule)
		}
	}
}
