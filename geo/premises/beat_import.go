package premises

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// mostBeats is how many beats a file has at most.
const mostBeats = 5000

// ErrManyBeats says that a register of beats is too long.
var ErrManyBeats = fault.New(fault.TooLarge, "register_too_many_beats", "A register has 5,000 beats at most; split the file by area. 每次最多导入 5,000 条巡查路线。")

// BeatFields are what an import of beats looks for.
func BeatFields() []sheet.Field {
	return []sheet.Field{
		{Name: "id", Aliases: []string{"source id", "number", "编号", "路线编号", "序号"}},
		{Name: "name", Public: true, Aliases: []string{"title", "beat", "名称", "路线名称", "巡查路线", "路线"}},
		{Name: "unit", Aliases: []string{"unit code", "grid", "网格", "网格编码", "责任网格", "单元"}},
		{Name: "weekdays", Aliases: []string{"days", "星期", "巡查日", "巡查日期"}},
		{Name: "starts", Aliases: []string{"start", "from", "开始", "开始时间", "开始时刻"}},
		{Name: "ends", Aliases: []string{"end", "until", "结束", "结束时间", "结束时刻"}},
		{Name: "checkpoints", Aliases: []string{"stops", "打卡点", "点位", "打卡点编号", "途经点"}},
	}
}

// ImportBeats brings a register of beats: a row is a beat with the unit whose posts walk it,
// its weekdays ("周一至周五", "1,3,5", "Mo-Fr", 每天), its hours and its checkpoints in their
// order, by their numbers or names, as they stand in the unit and below it. What came from the
// same source under the same number is changed; without numbers the name is the number. What is
// absent stays. Who may plan in the unit may do it; db is the engine's.
//
// Errors: as Import, ErrManyBeats.
func ImportBeats(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, o Options) (Report, error) {
	if actor.Area(staff.Plan).Empty() {
		return Report{}, fmt.Errorf("import beats: %w", staff.ErrForbidden)
	}
	columns, err := rows.Columns(BeatFields(), o.Fields)
	if err != nil {
		return Report{}, fmt.Errorf("import beats: %w", err)
	}
	report := Report{DryRun: o.DryRun, Unknown: columns.Unknown, Dropped: columns.Dropped, Columns: columns.Headers()}
	if err := need(columns, []string{"name", "unit", "weekdays", "starts", "ends", "checkpoints"}, true); err != nil {
		return report, fmt.Errorf("import beats: %w", err)
	}
	err = pg.Try(ctx, db, o.DryRun, func(tx pgx.Tx) error {
		r := &beatReader{reader: reader{columns: columns, Refusals: columns.Refusals()}, area: actor.Area(staff.Plan), grounds: map[string]*ground{}, outside: map[string]bool{}, lines: map[string]int{}}
		if err := r.knowStops(ctx, tx); err != nil {
			return err
		}
		if err := r.knowBeats(ctx, tx, o.Source); err != nil {
			return err
		}
		var list []numbered
		var failed error
		err := each(ctx, rows, func(from ledger.Row) {
			if failed != nil {
				return
			}
			if report.Rows++; report.Rows > mostBeats {
				failed = ErrManyBeats
				return
			}
			b, err := r.beat(ctx, tx, from.Row)
			if err == nil && r.outside[b.number] {
				err = ErrTaken
			}
			list, failed = append(list, b), err
		})
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		if err := r.Fault(ErrRows, report.Rows); err != nil {
			return err
		}
		for _, b := range list {
			there, known := r.beats[b.number]
			switch {
			case known && there.Round.same(b.Round):
				report.Unchanged++
				continue
			case known:
				report.Changed++
			default:
				report.Added++
			}
			id, err := writeBeat(ctx, tx, actor, there.ID, b.ground, b.Round)
			if err == nil && !known {
				_, err = tx.Exec(ctx, `UPDATE beat SET source = $2, source_id = $3 WHERE id = $1`, id, o.Source, b.number)
			}
			if err != nil {
				return err
			}
		}
		if o.DryRun {
			return nil
		}
		return audit.Write(ctx, tx, actor, "import", "beat", o.Source, map[string]any{"rows": report.Rows, "added": report.Added, "changed": report.Changed})
	})
	if err != nil {
		return report, fmt.Errorf("import beats: %w", err)
	}
	return report, nil
}

// numbered is a row of a register of beats.
type numbered struct {
	number string
	ground int64 // the unit's id
	Round
}

// stop is a checkpoint, and the unit it lies in.
type stop struct{ id, unit int64 }

// ground is a unit where beats may be planned.
type ground struct {
	id    int64
	below map[int64]bool // itself and all units below it
}

// beatReader turns rows into beats.
type beatReader struct {
	reader
	area    staff.Area
	numbers map[string][]stop // checkpoints by the number in their register
	names   map[string][]stop
	grounds map[string]*ground // nil where there is none
	beats   map[string]Beat    // of the same source, by number
	outside map[string]bool    // which of these one may not plan
	lines   map[string]int
}

func (r *beatReader) knowStops(ctx context.Context, tx pgx.Tx) error {
	r.numbers, r.names = map[string][]stop{}, map[string][]stop{}
	rows, _ := tx.Query(ctx, `SELECT c.id, c.unit_id, c.source_id, c.name FROM checkpoint c WHERE c.closed_on IS NULL AND c.unit_id IS NOT NULL AND `+staff.In("c.unit_id", 1), r.area.All, r.area.Roots)
	var s stop
	var number, name string
	_, err := pgx.ForEachRow(rows, []any{&s.id, &s.unit, &number, &name}, func() error {
		r.numbers[number], r.names[name] = append(r.numbers[number], s), append(r.names[name], s)
		return nil
	})
	return err
}

func (r *beatReader) knowBeats(ctx context.Context, tx pgx.Tx, source string) error {
	rows, _ := tx.Query(ctx, `SELECT b.id, b.source_id, `+staff.In("b.unit_id", 2)+` FROM beat b WHERE b.source = $1`, source, r.area.All, r.area.Roots)
	numbers := map[int64]string{}
	var id int64
	var number string
	var within bool
	_, err := pgx.ForEachRow(rows, []any{&id, &number, &within}, func() error {
		numbers[id], r.outside[number] = number, !within
		return nil
	})
	if err != nil {
		return err
	}
	list, err := beats(ctx, tx, `WHERE b.source = $1`, source)
	r.beats = map[string]Beat{}
	for _, b := range list {
		r.beats[numbers[b.ID]] = b
	}
	return err
}

// ground is the unit with a code; nil if there is none where the actor may plan.
func (r *beatReader) ground(ctx context.Context, tx pgx.Tx, code string) (*ground, error) {
	if g, asked := r.grounds[code]; asked {
		return g, nil
	}
	var id int64
	var below []int64
	err := tx.QueryRow(ctx, `SELECT u.id, ARRAY(SELECT units_below(u.id)) FROM unit u WHERE u.code = $1 AND `+staff.In("u.id", 2),
		code, r.area.All, r.area.Roots).Scan(&id, &below)
	if errors.Is(err, pgx.ErrNoRows) {
		r.grounds[code] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g := &ground{id: id, below: map[int64]bool{}}
	for _, unit := range below {
		g.below[unit] = true
	}
	r.grounds[code] = g
	return g, nil
}

// beat reads a row.
func (r *beatReader) beat(ctx context.Context, tx pgx.Tx, row sheet.Row) (b numbered, err error) {
	if r.Refused(row, r.columns.Fault(row)) {
		return b, nil
	}
	get := func(field string) string { return ledger.Clean(r.columns.Get(row, field)) }
	b.Name, b.Unit = get("name"), get("unit")
	if !plain(b.Name, 1, 100) {
		r.Refuse(row, "name", "name", "A name has 1 to 100 characters and no phone or identity number. 名称不能为空，不超过 100 字，且不含电话或证件号码。")
	}
	if b.number = get("id"); b.number == "" {
		b.number = b.Name
	}
	if line := r.lines[b.number]; line != 0 {
		r.Refuse(row, "id", "repeated_id", fmt.Sprintf("The number stands on line %d already. 编号重复，首次出现在第 %d 行。", line, line))
	}
	r.lines[b.number] = row.Line
	if b.Weekdays = weekdaysOf(get("weekdays")); len(b.Weekdays) == 0 {
		r.Refuse(row, "weekdays", "bad_weekdays", fmt.Sprintf("%.40q: want weekdays such as 周一至周五, 1,3,5 or 每天. 星期应如：周一至周五、每天。", get("weekdays")))
	}
	b.Starts, b.Ends = minuteOf(get("starts")), minuteOf(get("ends"))
	for _, field := range []string{"starts", "ends"} {
		if minuteOf(get(field)) < 0 {
			r.Refuse(row, field, "bad_hour", fmt.Sprintf("%.40q: want an hour such as 08:30. 时刻应如 08:30。", get(field)))
		}
	}
	if b.Starts >= 0 && b.Ends >= 0 && b.Ends <= b.Starts {
		r.Refuse(row, "ends", "bad_hour", "It ends before it starts. 结束不能早于开始。")
	}
	g, err := r.ground(ctx, tx, b.Unit)
	if err != nil {
		return b, err
	}
	if g == nil {
		r.Refuse(row, "unit", "unit_unknown", fmt.Sprintf("There is no unit %.60q where you may plan. 网格 %.60q 不存在或不在您的管辖范围。", b.Unit, b.Unit))
		return b, nil
	}
	b.ground = g.id
	b.Checkpoints = r.stops(row, g, r.columns.Get(row, "checkpoints"))
	return b, nil
}

// stops are the checkpoints of a beat.
func (r *beatReader) stops(row sheet.Row, g *ground, text string) []int64 {
	list := []int64{}
	words := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune("、,，;；|→>\n\r", c) })
	for _, word := range words {
		word = ledger.Clean(word)
		found := g.within(r.numbers[word])
		if len(found) == 0 {
			found = g.within(r.names[word])
		}
		switch {
		case len(found) == 0:
			r.Refuse(row, "checkpoints", "checkpoint_unknown", fmt.Sprintf("There is no checkpoint %.60q in the unit. 该网格内没有打卡点 %.60q。", word, word))
		case len(found) > 1:
			r.Refuse(row, "checkpoints", "checkpoint_ambiguous", fmt.Sprintf("Several checkpoints of the unit are called %.60q; give their numbers. 有多个打卡点叫 %.60q，请填编号。", word, word))
		case slices.Contains(list, found[0]):
			r.Refuse(row, "checkpoints", "checkpoint_twice", fmt.Sprintf("Checkpoint %.60q is there twice. 打卡点 %.60q 重复。", word, word))
		default:
			list = append(list, found[0])
		}
	}
	if len(words) == 0 || len(words) > mostOfABeat {
		r.Refuse(row, "checkpoints", "beat_checkpoints", fmt.Sprintf("A beat has 1 to %d checkpoints. 一条路线有 1 至 %d 个打卡点。", mostOfABeat, mostOfABeat))
	}
	return list
}

// within are those of some checkpoints that lie in the unit.
func (g *ground) within(list []stop) (ids []int64) {
	for _, s := range list {
		if g.below[s.unit] {
			ids = append(ids, s.id)
		}
	}
	return ids
}

func (p Round) same(o Round) bool {
	return p.Name == o.Name && p.Unit == o.Unit && p.Starts == o.Starts && p.Ends == o.Ends &&
		slices.Equal(p.Weekdays, o.Weekdays) && slices.Equal(p.Checkpoints, o.Checkpoints)
}

var clock = regexp.MustCompile(`(?:^|[ T])([0-9]{1,2}):([0-5][0-9])(?::[0-5][0-9])?$`)

// minuteOf is the minute of the day of 08:30, 8:30 or 1899-12-31 08:30:00, as spreadsheets
// write an hour; -1 when it is none.
func minuteOf(text string) int16 {
	part := clock.FindStringSubmatch(strings.ReplaceAll(text, "：", ":"))
	if part == nil {
		return -1
	}
	hour, _ := strconv.Atoi(part[1]) // two digits
	minute, _ := strconv.Atoi(part[2])
	if at := hour*60 + minute; at <= 24*60 {
		return int16(at)
	}
	return -1
}

var (
	allDays = map[string][]int16{
		"每天": {1, 2, 3, 4, 5, 6, 7}, "每日": {1, 2, 3, 4, 5, 6, 7}, "天天": {1, 2, 3, 4, 5, 6, 7}, "daily": {1, 2, 3, 4, 5, 6, 7}, "every day": {1, 2, 3, 4, 5, 6, 7},
		"工作日": {1, 2, 3, 4, 5}, "weekdays": {1, 2, 3, 4, 5}, "周末": {6, 7}, "双休日": {6, 7}, "weekends": {6, 7},
	}
	dayMarks = strings.NewReplacer("星期", "", "礼拜", "", "周", "", "每", "", "至", "-", "到", "-", "~", "-", "～", "-", "—", "-", "–", "-")
	dayWords = map[string]int16{
		"1": 1, "一": 1, "mo": 1, "mon": 1, "monday": 1, "2": 2, "二": 2, "tu": 2, "tue": 2, "tuesday": 2, "3": 3, "三": 3, "we": 3, "wed": 3, "wednesday": 3,
		"4": 4, "四": 4, "th": 4, "thu": 4, "thursday": 4, "5": 5, "五": 5, "fr": 5, "fri": 5, "friday": 5, "6": 6, "六": 6, "sa": 6, "sat": 6, "saturday": 6,
		"7": 7, "日": 7, "天": 7, "su": 7, "sun": 7, "sunday": 7,
	}
	chineseDays = regexp.MustCompile(`^[一二三四五六日天]{2,7}$`)
)

// weekdaysOf reads weekdays (1 Monday … 7 Sunday), ascending: 周一至周五, 一三五, "1,3,5", Mo-Fr,
// 每天, 工作日. Nil when a part of it is none.
func weekdaysOf(text string) []int16 {
	text = strings.ToLower(strings.TrimSpace(text))
	if days, known := allDays[text]; known {
		return slices.Clone(days)
	}
	var list []int16
	for _, part := range strings.FieldsFunc(dayMarks.Replace(text), func(c rune) bool { return strings.ContainsRune("、,，;；/ 和", c) }) {
		if chineseDays.MatchString(part) {
			for _, c := range part {
				list = append(list, dayWords[string(c)])
			}
			continue
		}
		first, last, span := strings.Cut(part, "-")
		if !span {
			last = first
		}
		from, to := dayWords[first], dayWords[last]
		if from == 0 || to < from {
			return nil
		}
		for ; from <= to; from++ {
			list = append(list, from)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
