package servicepoint

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Fields are what an import looks for, beside id and position. A point's name and
// telephone are public; the telephone is not read all the same.
func Fields() []sheet.Field {
	return []sheet.Field{
		{Name: "name", Required: true, Public: true, Aliases: []string{"名称", "站点名称", "点位名称", "服务点名称", "服务站名称", "机构名称", "单位名称", "場所名稱", "機構名稱", "站名",
			"station_name", "title", "facility", "facility name"}},
		{Name: "tier", Aliases: []string{"级别", "层级", "等级", "服务点级别", "level", "class"}},
		{Name: "address", Aliases: []string{"地址", "详细地址", "詳細地址", "地點", "位置", "所在地", "location"}},
		{Name: "functions", Aliases: []string{"服务功能", "功能", "服务项目", "服务内容", "服务类型", "類別", "类别", "类型", "main_type", "type", "category", "function"}},
		{Name: "subtype", Aliases: []string{"子类", "小类", "次類別", "sub_type", "subcategory"}},
		{Name: "hours", Aliases: []string{"开放时间", "服务时间", "营业时间", "服務時間", "opening_hours", "opening hours", "open"}},
		{Name: "sessions", Aliases: []string{"场次", "服务周期", "rrule", "recurrence"}},
		{Name: "items", Aliases: []string{"服务事项", "事项", "项目清单", "services"}},
		{Name: "capacity", Aliases: []string{"容量", "容纳人数", "可服务人数", "床位", "座位", "seats", "places"}},
		{Name: "ground_floor", Aliases: []string{"是否底层", "底层", "一楼", "ground floor"}},
		{Name: "step_free", Aliases: []string{"无障碍", "是否无障碍", "無障礙", "wheelchair", "accessible"}},
		{Name: "mobile", Aliases: []string{"mobile_point", "流动", "是否流动", "移动服务点", "流动服务点"}},
		{Name: "state", Aliases: []string{"状态", "运行状态", "营业状态", "status"}},
		{Name: "opened_on", Aliases: []string{"启用日期", "开放日期", "启用时间", "成立日期", "建成日期", "opening date", "since"}},
		{Name: "closed_on", Aliases: []string{"停用日期", "关闭日期", "撤销日期", "closing date", "until"}},
	}
}

// tiers are the words of lists for a tier.
var tiers = map[string]string{
	"": "other", "center": "center", "centre": "center", "中心": "center", "党群服务中心": "center", "1": "center",
	"station": "station", "站": "station", "党群服务站": "station", "6": "station",
	"point": "point", "点": "point", "党群服务点": "point", "62": "point", "巷邻坊": "point",
	"other": "other", "其他": "other", "其它": "other", "x": "other",
}

// lives are the words of lists for a state.
var lives = map[string]State{
	"": "", "active": Active, "open": Active, "启用": Active, "运行": Active, "正常": Active, "开放": Active, "营业": Active, "在用": Active,
	"proposed": Proposed, "planned": Proposed, "规划": Proposed, "拟建": Proposed, "在建": Proposed, "筹建": Proposed,
	"pilot": Pilot, "试点": Pilot, "试运行": Pilot, "试运营": Pilot,
	"paused": Paused, "暂停": Paused, "停业": Paused, "装修": Paused, "维修": Paused, "closed temporarily": Paused,
	"closed": Closed, "关闭": Closed, "停用": Closed, "撤销": Closed, "注销": Closed,
}

// keywords say which function a list means that writes in its own words, in both
// Chinese scripts; the first that fits decides.
var keywords = []struct {
	function string
	words    []string
}{
	{"rest-stop", []string{"加油站", "驿站", "户外", "快递", "骑手"}},
	{"canteen", []string{"食堂", "助餐", "餐", "canteen"}},
	{"medical", []string{"医", "醫", "卫生", "衛生", "诊", "診", "药", "藥", "health", "clinic", "medical", "hospital", "pharmacy", "doctor", "dentist"}},
	{"disability", []string{"残", "殘", "身障", "障碍", "障礙", "disab"}},
	{"elderly-care", []string{"老", "銀髮", "银发", "长照", "長照", "安養", "養護", "elder", "senior", "nursing home"}},
	{"child-care", []string{"托育", "托儿", "幼", "儿童", "兒童", "少年", "兒少", "child", "youth", "kindergarten", "nursery"}},
	{"employment", []string{"就业", "就業", "employ"}},
	{"mediation", []string{"调解", "調解", "综治", "平安", "mediat"}},
	{"volunteer", []string{"志愿", "志願", "公益", "npo", "volunteer"}},
	{"deputy", []string{"代表", "委员", "委員"}},
	{"deliberation", []string{"议事", "議事", "自治"}},
	{"opinion", []string{"民意", "社情"}},
	{"study", []string{"学习", "學習", "教育", "学苑", "學苑", "党课", "study", "learn"}},
	{"culture", []string{"文化", "文体", "活动", "活動", "图书", "圖書", "culture", "library", "museum", "community centre"}},
	{"one-stop", []string{"受理", "一窗", "办事", "政务", "便民", "one-stop", "town hall", "townhall"}},
	{"welfare", []string{"福利", "救助", "社會", "社会", "扶贫", "貧困", "平價", "婦女", "妇女", "保護", "保护", "家庭", "welfare", "social"}},
}

// Import brings a file into the list of service points. Rows that have no place
// are refused. See ledger.Import.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, opts ledger.Options) (ledger.Report, error) {
	list, err := Functions(ctx, db, actor)
	if err != nil {
		return ledger.Report{}, err
	}
	return ledger.Import(ctx, db, actor, book(list), rows, opts)
}

const stage = `
	CREATE TEMP TABLE ledger_stage (
		id bigint, source text, source_id text, point geometry(Point, 4326), cell bigint,
		name text, tier text, address text, capacity integer, ground_floor boolean, step_free boolean, mobile boolean,
		functions text[], hours text, sessions text, items text[], state text, opened_on date, closed_on date, digest bigint
	) ON COMMIT DROP`

func book(list []Word) ledger.Book {
	codes := map[string]string{}
	for _, w := range list {
		for _, word := range []string{w.Code, w.TitleZh, w.TitleEn} {
			codes[strings.ToLower(word)] = w.Code
		}
	}
	return ledger.Book{
		Subject:     ledger.ServicePoints,
		Fields:      Fields(),
		Own:         []string{Hand},
		PlaceNeeded: true,
		DerivedFrom: []string{"name", "address", "functions", "subtype"}, DerivedNeeds: 1,
		Columns: []string{"name", "tier", "address", "capacity", "ground_floor", "step_free", "mobile",
			"functions", "hours", "sessions", "items", "state", "opened_on", "closed_on"},
		Decode: func(c *ledger.Cells, t *ledger.Tuple) *ledger.Reason { return decode(c, t, codes) },
		Stage:  stage,
		Apply:  apply,
		Close:  closeAbsent,
	}
}

// maxCapacity is more people than any point serves at once.
const maxCapacity = 30_000

// decode appends a row's columns.
func decode(c *ledger.Cells, t *ledger.Tuple, codes map[string]string) *ledger.Reason {
	name, why := c.Kept("name")
	if why != nil {
		return why
	}
	if name == "" {
		return &ledger.Reason{Field: "name", Code: ledger.Missing}
	}
	address, why := c.Kept("address")
	if why != nil {
		return why
	}
	capacity, why := c.Count("capacity", maxCapacity)
	if why != nil {
		return why
	}
	t.Text(name)
	t.Text(ledger.Word(c, "tier", tiers))
	t.Text(address)
	t.Int4From2(capacity)
	for _, field := range []string{"ground_floor", "step_free", "mobile"} {
		v, why := c.Bool(field)
		if why != nil {
			return why
		}
		if field == "mobile" && v == nil {
			v = new(bool)
		}
		t.Bool(v)
	}
	return decodeOffer(c, t, codes)
}

// decodeOffer appends what a point offers, and its life.
func decodeOffer(c *ledger.Cells, t *ledger.Tuple, codes map[string]string) *ledger.Reason {
	t.Texts(functionsOf(c, codes))
	for _, field := range []string{"hours", "sessions"} {
		text, why := c.Kept(field)
		if why != nil {
			return why
		}
		t.Text(text)
	}
	items, why := c.Kept("items")
	if why != nil {
		return why
	}
	t.Texts(split(items))
	opened, why := c.Day("opened_on")
	if why != nil {
		return why
	}
	closed, why := c.Day("closed_on")
	if why != nil {
		return why
	}
	if opened != nil && closed != nil && !opened.Before(*closed) {
		return &ledger.Reason{Field: "closed_on", Value: closed.String(), Code: ledger.BadDate}
	}
	t.Text(string(ledger.Word(c, "state", lives)))
	t.DayOrNull(opened)
	t.DayOrNull(closed)
	return nil
}

// functionsOf reads the list of functions. A kind in the list's own words is told
// by keywords, the finer kind first; what is not understood is noted.
func functionsOf(c *ledger.Cells, codes map[string]string) []string {
	var found []string
	for _, word := range split(c.Text("functions")) {
		code, ok := codes[strings.ToLower(word)]
		if !ok {
			code, ok = byKeyword(word)
		}
		if !ok {
			code, ok = byKeyword(c.Text("subtype"))
		}
		if !ok {
			c.Note("functions", ledger.UnknownWord, "The kind of service was not known; it was stored as other.")
			code = "other"
		}
		if !slices.Contains(found, code) {
			found = append(found, code)
		}
	}
	slices.Sort(found)
	return found
}

func byKeyword(text string) (string, bool) {
	text = strings.ToLower(text)
	for _, k := range keywords {
		for _, word := range k.words {
			if strings.Contains(text, word) {
				return k.function, true
			}
		}
	}
	return "", false
}

// split cuts a list at the marks that lists use.
func split(text string) []string {
	var list []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("、,，;；|/", r) }) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// apply carries new and changed rows over. The life of a point begins with its
// first import; later files change it only where their state differs. Functions
// that a file does not name, and stops, stay as they are.
func apply(ctx context.Context, tx pgx.Tx, _ *ledger.Report) error {
	for _, step := range []string{
		`INSERT INTO service_point (id, source, source_id, name, tier, address, capacity, ground_floor, step_free, mobile, point, cell, digest)
		 OVERRIDING SYSTEM VALUE
		 SELECT id, source, source_id, name, tier, address, capacity, ground_floor, step_free, mobile, point, cell, digest FROM ledger_stage
		 ON CONFLICT (id) DO UPDATE SET name = excluded.name, tier = excluded.tier, address = excluded.address,
			capacity = excluded.capacity, ground_floor = excluded.ground_floor, step_free = excluded.step_free,
			mobile = excluded.mobile, point = excluded.point, cell = excluded.cell, digest = excluded.digest, updated_at = now()`,
		`DELETE FROM service_point_function f USING ledger_stage s
		 WHERE f.service_point_id = s.id AND cardinality(s.functions) > 0 AND NOT f.function = ANY(s.functions)`,
		`INSERT INTO service_point_function (service_point_id, function, hours, sessions, items)
		 SELECT s.id, f, s.hours, s.sessions, s.items FROM ledger_stage s, unnest(s.functions) f
		 ON CONFLICT (service_point_id, function) DO UPDATE SET
			hours = excluded.hours, sessions = excluded.sessions, items = excluded.items`,
	} {
		if _, err := tx.Exec(ctx, step); err != nil {
			return fmt.Errorf("change service points: %w", err)
		}
	}
	if err := live(ctx, tx); err != nil {
		return fmt.Errorf("states of service points: %w", err)
	}
	return nil
}

// live writes the states of staged points: from the day the file names, or from
// today. A file that does not speak of states changes none; a new point is then
// active.
func live(ctx context.Context, tx pgx.Tx) error {
	for _, step := range []string{
		// The first state of a point.
		`INSERT INTO service_point_state (service_point_id, state, valid_from, valid_to)
		 SELECT s.id, CASE WHEN s.state = '' OR s.state = 'closed' AND s.closed_on IS NOT NULL THEN 'active' ELSE s.state END,
		        coalesce(s.opened_on, least(s.closed_on - 1, $1::date)), s.closed_on
		 FROM ledger_stage s
		 WHERE NOT EXISTS (SELECT FROM service_point_state l WHERE l.service_point_id = s.id)`,
		// The day of closing that the file names.
		`UPDATE service_point_state l SET valid_to = s.closed_on FROM ledger_stage s
		 WHERE l.service_point_id = s.id AND l.valid_to IS NULL AND l.state <> 'closed' AND l.valid_from < s.closed_on AND $1::date IS NOT NULL`,
		`INSERT INTO service_point_state (service_point_id, state, valid_from)
		 SELECT s.id, 'closed', s.closed_on
		 FROM ledger_stage s
		 WHERE s.closed_on IS NOT NULL AND $1::date IS NOT NULL
		   AND NOT EXISTS (SELECT FROM service_point_state l WHERE l.service_point_id = s.id AND (l.valid_to IS NULL OR l.valid_to > s.closed_on))`,
		// Another state than the present one, from today.
		`DELETE FROM service_point_state l USING ledger_stage s
		 WHERE l.service_point_id = s.id AND l.valid_to IS NULL AND l.valid_from = $1 AND l.state <> s.state AND s.state <> '' AND s.closed_on IS NULL`,
		`UPDATE service_point_state l SET valid_to = $1 FROM ledger_stage s
		 WHERE l.service_point_id = s.id AND l.valid_to IS NULL AND l.valid_from < $1 AND l.state <> s.state AND s.state <> '' AND s.closed_on IS NULL`,
		`INSERT INTO service_point_state (service_point_id, state, valid_from)
		 SELECT s.id, s.state, $1
		 FROM ledger_stage s
		 WHERE s.state <> ''
		   AND NOT EXISTS (SELECT FROM service_point_state l WHERE l.service_point_id = s.id AND (l.valid_to IS NULL OR l.valid_to > $1))`,
	} {
		if _, err := tx.Exec(ctx, step, grid.Today()); err != nil {
			return err
		}
	}
	return nil
}

// closeAbsent closes points that a full file no longer holds.
func closeAbsent(ctx context.Context, tx pgx.Tx, ids any) error {
	for _, step := range []string{
		`DELETE FROM service_point_state WHERE service_point_id = ANY($1) AND valid_from >= $2`,
		`UPDATE service_point_state SET valid_to = $2 WHERE service_point_id = ANY($1) AND (valid_to IS NULL OR valid_to > $2)`,
		`INSERT INTO service_point_state (service_point_id, state, valid_from) SELECT id, 'closed', $2 FROM unnest($1::bigint[]) id`,
		`UPDATE service_point SET digest = NULL, updated_at = now() WHERE id = ANY($1) AND $2::date IS NOT NULL`,
	} {
		if _, err := tx.Exec(ctx, step, ids, grid.Today()); err != nil {
			return fmt.Errorf("close absent service points: %w", err)
		}
	}
	return nil
}
