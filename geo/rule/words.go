package rule

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Words fills in what a planner reads: the rule's own text, or one made from its
// numbers, so that a changed number never stands beside an old sentence.
func (r Rule) Words() Rule {
	r.Zh, r.En = r.TextZh, r.TextEn
	if r.Zh == "" || r.En == "" {
		r.Zh, r.En = r.sentences()
	}
	return r
}

func (r Rule) sentences() (zh, en string) {
	unitZh, unitEn := cmp.Or(r.LevelZh, "单元"), cmp.Or(strings.ToLower(r.LevelEn), "unit")
	switch r.Kind {
	case Households:
		if r.Occupied {
			return "每个" + unitZh + r.rangeZh("户", 0) + "（不含空置）", r.rangeEn("households", 0) + " in each " + unitEn + ", empty homes left out"
		}
		return "每个" + unitZh + r.rangeZh("户", 0), r.rangeEn("households", 0) + " in each " + unitEn
	case People:
		return "每个" + unitZh + r.rangeZh("人", 0), r.rangeEn("people", 0) + " in each " + unitEn
	case Split:
		return unitZh + "超过 " + digits(*r.Max, 0) + " 户须拆分", "Above " + digits(*r.Max, 0) + " households the " + unitEn + " is split"
	case Area:
		return "每个" + unitZh + r.rangeZh("平方公里", 2), r.rangeEn("km²", 2) + " in each " + unitEn
	case Compactness:
		return unitZh + "紧凑度（Polsby–Popper）不低于 " + digits(*r.Min, 2), "Compactness (Polsby–Popper) of each " + unitEn + " at least " + digits(*r.Min, 2)
	case Walk:
		return "步行穿过" + unitZh + "不超过 " + digits(*r.Max, 0) + " 分钟", "At most " + digits(*r.Max, 0) + " minutes on foot across each " + unitEn
	case Contiguous:
		return unitZh + "须连成一片", "Each " + unitEn + " is one piece"
	case Inside:
		return unitZh + "不越出上级现行边界", "Each " + unitEn + " stays within the unit above as it is in force"
	case Compounds:
		return "小区、自然村不被" + unitZh + "边界分割；过大的可单独分成几个" + unitZh, "No border of a " + unitEn + " cuts a compound or natural village, but into units of its own"
	case Barriers:
		return unitZh + "不跨越河流、铁路和主干道", "No " + unitEn + " lies on both sides of a river, railway or main road"
	case Staffing:
		if len(r.Needs) == 0 {
			return unitZh + "按岗位模板配齐人员", "Each " + unitEn + " has the holders that its template asks for"
		}
		var listZh, listEn []string
		for _, n := range r.Needs {
			listZh, listEn = append(listZh, vacantZh(n, n.Min)), append(listEn, vacantEn(n, n.Min))
		}
		return "每个" + unitZh + "配" + strings.Join(listZh, "、"), "Each " + unitEn + " has " + strings.Join(listEn, ", ")
	}
	return string(r.Kind), string(r.Kind)
}

func (r Rule) rangeZh(measure string, places int) string {
	switch {
	case r.Min != nil && r.Max != nil:
		return " " + digits(*r.Min, places) + "–" + digits(*r.Max, places) + " " + measure
	case r.Max != nil:
		return "不超过 " + digits(*r.Max, places) + " " + measure
	}
	return "不少于 " + digits(*r.Min, places) + " " + measure
}

func (r Rule) rangeEn(measure string, places int) string {
	switch {
	case r.Min != nil && r.Max != nil:
		return digits(*r.Min, places) + "–" + digits(*r.Max, places) + " " + measure
	case r.Max != nil:
		return "At most " + digits(*r.Max, places) + " " + measure
	}
	return "At least " + digits(*r.Min, places) + " " + measure
}

// broken says how a unit breaks the rule, with the numbers.
func (r Rule) broken(f *Fact, b breach) (zh, en string) {
	name := cmp.Or(f.Name, f.Code)
	zhName, enName := "“"+name+"”", "“"+name+"”"
	switch r.Kind {
	case Households, Split:
		zh, en = counted(b, "户", "household", "households")
		if r.Kind == Split {
			zh, en = zh+"，须拆分", en+": split it"
		}
		if r.Occupied {
			zh, en = zh+"（不含空置）", en+" (empty homes left out)"
		}
	case People:
		zh, en = counted(b, "人", "person", "people")
	case Area:
		zh = "面积 " + b.measured(3) + " 平方公里，" + b.boundZh(digits(b.bound, 2))
		en = " covers " + b.measured(3) + " km²; " + b.boundEn(digits(b.bound, 2))
	case Compactness:
		zh = "紧凑度 " + b.measured(3) + "，" + b.boundZh(digits(b.bound, 2))
		en = " has a compactness of " + b.measured(3) + "; " + b.boundEn(digits(b.bound, 2))
	case Walk:
		zh = "步行穿过需 " + b.measured(1) + " 分钟，" + b.boundZh(digits(b.bound, 0))
		en = " takes " + b.measured(1) + " minutes to cross on foot; " + b.boundEn(digits(b.bound, 0))
	case Contiguous:
		zh = "分成 " + digits(b.value, 0) + " 块"
		en = " is in " + digits(b.value, 0) + " pieces"
	case Inside:
		zh = "越出上级现行边界 " + digits(math.Ceil(b.value), 0) + " 平方米"
		en = " reaches " + digits(math.Ceil(b.value), 0) + " m² out of the unit above as it is in force"
	case Compounds:
		zh = "边界分割" + b.zh + "：切出 " + b.measured(1) + "%"
		en = " cuts " + b.en + ": " + b.measured(1) + "% of the land is cut off"
	case Barriers:
		zh = "跨越" + b.zh + "，两侧均有土地 " + digits(b.value, 0) + " 米，" + b.boundZh(digits(b.bound, 0))
		en = " lies on both sides of " + b.en + " for " + b.measured(0) + " m; " + b.boundEn(digits(b.bound, 0))
	case Staffing:
		zh = "缺" + b.zh + "（应有 " + digits(b.bound, 0) + "，在岗 " + digits(b.value, 0) + "）"
		en = " lacks " + b.en + " (" + digits(b.value, 0) + " of " + digits(b.bound, 0) + " are there)"
	}
	return zhName + zh, enName + en
}

// measured is the value with as many places as tell it from the bound.
func (b breach) measured(places int) string {
	text := digits(b.value, places)
	for ; text == digits(b.bound, places) && places < 9; text = digits(b.value, places) {
		places++
	}
	return text
}

func counted(b breach, measure, one, many string) (zh, en string) {
	word := many
	if b.value == 1 {
		word = one
	}
	return "有 " + digits(b.value, 0) + " " + measure + "，" + b.boundZh(digits(b.bound, 0)), " has " + digits(b.value, 0) + " " + word + "; " + b.boundEn(digits(b.bound, 0))
}

func (b breach) boundZh(bound string) string {
	if b.least {
		return "至少 " + bound
	}
	return "至多 " + bound
}

func (b breach) boundEn(bound string) string {
	if b.least {
		return "at least " + bound
	}
	return "at most " + bound
}

func vacantZh(n Need, count int) string { return n.TitleZh + " " + strconv.Itoa(count) + " 名" }

func vacantEn(n Need, count int) string { return fmt.Sprintf("%d × %s", count, n.TitleEn) }

// called is what a sentence calls a barrier or compound.
func called(name, kind string) (zh, en string) {
	if name != "" {
		return name, name
	}
	if words, known := nameless[kind]; known {
		return words[0], words[1]
	}
	return "主干道", "a main road"
}

var nameless = map[string][2]string{
	"rail": {"铁路", "a railway"}, "light_rail": {"轻轨", "a light railway"}, "subway": {"地铁", "a metro line"}, "narrow_gauge": {"铁路", "a railway"},
	"river": {"河流", "a river"}, "riverbank": {"河流", "a river"}, "canal": {"河道", "a canal"}, "compound": {"小区或自然村", "a compound or natural village"},
}

// named is how many names a sentence bears.
const named = 3

func listed(names []string, comma, others string) string {
	if len(names) > named {
		return strings.Join(names[:named], comma) + others
	}
	return strings.Join(names, comma)
}

// digits writes a number with commas and at most so many places.
func digits(v float64, places int) string {
	text := strconv.FormatFloat(v, 'f', places, 64)
	if places > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	head, tail, _ := strings.Cut(text, ".")
	var out []byte
	for i := range len(head) {
		if i > 0 && (len(head)-i)%3 == 0 && head[i-1] != '-' {
			out = append(out, ',')
		}
		out = append(out, head[i])
	}
	if tail != "" {
		return string(out) + "." + tail
	}
	return string(out)
}
