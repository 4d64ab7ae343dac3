package household

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Fields are what an import looks for, beside id and position.
func Fields() []sheet.Field {
	return []sheet.Field{
		{Name: "compound", Aliases: []string{"小区", "小区名称", "小区名", "自然村", "自然宅", "村组", "楼盘", "院落", "estate", "community name", "residential compound"}},
		{Name: "building", Aliases: []string{"楼栋", "楼号", "楼栋号", "幢", "幢号", "栋", "栋号", "楼幢", "楼", "座", "building no", "building number", "block"}},
		{Name: "stairwell", Aliases: []string{"单元", "单元号", "门洞", "楼道", "梯", "entrance", "staircase", "unit no"}},
		{Name: "doorplate", Aliases: []string{"室", "室号", "房号", "房间号", "门牌", "门牌号", "户室号", "房屋号", "room", "room no", "door", "house number", "flat", "apartment"}},
		{Name: "address", Aliases: []string{"地址", "详细地址", "住址", "房屋地址", "门牌地址", "标准地址", "房屋坐落", "坐落", "full address", "street address"}},
		{Name: "kind", Aliases: []string{"房屋类型", "房屋性质", "居住类型", "户类型", "类型", "居住性质", "用途", "type", "tenure"}},
		{Name: "occupied", Aliases: []string{"入住", "入住情况", "是否入住", "居住状态", "入住状态", "空置", "是否空置", "房屋状态", "有人居住", "occupancy", "vacant"}},
		{Name: "age_0_2", Aliases: []string{"0-2岁人数", "0-2岁", "0至2岁", "0～2岁人数", "婴幼儿人数", "age 0-2"}},
		{Name: "age_3_6", Aliases: []string{"3-6岁人数", "3-6岁", "3至6岁", "学龄前人数", "age 3-6"}},
		{Name: "age_7_17", Aliases: []string{"7-17岁人数", "7-17岁", "7至17岁", "未成年人数", "age 7-17"}},
		{Name: "age_18_59", Aliases: []string{"18-59岁人数", "18-59岁", "18至59岁", "age 18-59"}},
		{Name: "age_60_79", Aliases: []string{"60-79岁人数", "60-79岁", "60至79岁", "age 60-79"}},
		{Name: "age_80", Aliases: []string{"80岁以上人数", "80岁及以上人数", "80岁以上", "80岁及以上", "高龄人数", "age 80+", "age 80 and over"}},
	}
}

// kinds are the words of ledgers for a kind.
var kinds = map[string]Kind{
	"": Unknown, "owner": Owner, "自住": Owner, "自有": Owner, "自有住房": Owner, "业主": Owner, "商品房": Owner, "自用": Owner, "户籍": Owner,
	"rental": Rental, "出租": Rental, "租赁": Rental, "租住": Rental, "出租房": Rental, "租房": Rental, "公租房": Rental, "廉租房": Rental, "群租": Rental,
	"self-built": SelfBuilt, "自建": SelfBuilt, "自建房": SelfBuilt, "宅基地": SelfBuilt, "农民房": SelfBuilt, "农村自建房": SelfBuilt,
	"collective": Collective, "集体": Collective, "集体户": Collective, "宿舍": Collective, "集体宿舍": Collective, "员工宿舍": Collective,
	"unknown": Unknown, "未知": Unknown, "其他": Unknown, "不详": Unknown,
}

var yes, no = true, false

// occupations are the words of ledgers for occupied and empty dwellings.
var occupations = map[string]*bool{
	"": nil, "未知": nil, "不详": nil, "unknown": nil,
	"入住": &yes, "已入住": &yes, "有人": &yes, "有人居住": &yes, "自住": &yes, "出租": &yes, "在住": &yes, "常住": &yes, "居住": &yes, "是": &yes, "有": &yes, "yes": &yes, "y": &yes, "true": &yes, "1": &yes, "occupied": &yes,
	"空置": &no, "未入住": &no, "空": &no, "空户": &no, "空房": &no, "闲置": &no, "无人": &no, "无人居住": &no, "否": &no, "无": &no, "no": &no, "n": &no, "false": &no, "0": &no, "vacant": &no, "empty": &no,
}

// vacancies are the words under a header that asks the other way round: 是否空置.
var vacancies = map[string]*bool{
	"": nil, "未知": nil, "是": &no, "否": &yes, "空置": &no, "入住": &yes, "yes": &no, "no": &yes, "y": &no, "n": &yes, "true": &no, "false": &yes, "1": &no, "0": &yes,
}

// headers that ask whether a dwelling is empty.
var emptyHeaders = map[string]bool{"空置": true, "是否空置": true, "vacant": true}

// maxHeads is the largest head count of one band in one dwelling; a dormitory
// may hold hundreds.
const maxHeads = 999

// Import brings a file into the household ledger. See ledger.Import.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, opts ledger.Options) (ledger.Report, error) {
	return ledger.Import(ctx, db, actor, book(), rows, opts)
}

func book() ledger.Book {
	return ledger.Book{
		Subject:     ledger.Households,
		Fields:      Fields(),
		Own:         []string{Hand},
		DerivedFrom: []string{"compound", "building", "stairwell", "doorplate", "address"}, DerivedNeeds: 2,
		Columns: []string{"compound", "building", "stairwell", "doorplate", "address", "kind", "occupied",
			"age_0_2", "age_3_6", "age_7_17", "age_18_59", "age_60_79", "age_80"},
		Decode: decode,
		Apply:  apply,
		Match:  match,
		Close:  closeAbsent,
	}
}

// decode appends a row's columns.
func decode(c *ledger.Cells, t *ledger.Tuple) *ledger.Reason {
	for _, field := range []string{"compound", "building", "stairwell", "doorplate", "address"} {
		text, why := c.Kept(field)
		if why != nil {
			return why
		}
		t.Text(text)
	}
	t.Text(string(ledger.Word(c, "kind", kinds)))
	words := occupations
	if emptyHeaders[c.Column("occupied")] {
		words = vacancies
	}
	t.Bool(ledger.Word(c, "occupied", words))
	for _, field := range []string{"age_0_2", "age_3_6", "age_7_17", "age_18_59", "age_60_79", "age_80"} {
		n, why := c.Count(field, maxHeads)
		if why != nil {
			return why
		}
		t.Int2(n)
	}
	return nil
}

// apply carries changed rows over. A place set by hand stays, and a place that a
// file no longer gives stays too, unless it was matched by a doorplate that
// changed. A row that was closed for being absent is open again.
func apply(ctx context.Context, tx pgx.Tx, report *ledger.Report) error {
	err := tx.QueryRow(ctx, `
		SELECT count(*) FROM ledger_stage s JOIN household h USING (id)
		WHERE h.placed_by = 'hand' AND h.point IS NOT NULL AND s.point IS NOT NULL AND s.cell IS DISTINCT FROM h.cell`).
		Scan(&report.KeptPlace)
	if err != nil {
		return fmt.Errorf("places kept: %w", err)
	}
	_, err = tx.Exec(ctx, `
		UPDATE household h SET
			compound = s.compound, building = s.building, stairwell = s.stairwell, doorplate = s.doorplate,
			address = s.address, kind = s.kind, occupied = s.occupied,
			age_0_2 = s.age_0_2, age_3_6 = s.age_3_6, age_7_17 = s.age_7_17,
			age_18_59 = s.age_18_59, age_60_79 = s.age_60_79, age_80 = s.age_80,
			point      = CASE WHEN s.new_place THEN s.point WHEN s.stale THEN NULL ELSE h.point END,
			cell       = CASE WHEN s.new_place THEN s.cell WHEN s.stale THEN NULL ELSE h.cell END,
			placed_by  = CASE WHEN s.new_place OR s.stale THEN 'file' ELSE h.placed_by END,
			confidence = CASE WHEN s.new_place OR s.stale THEN NULL ELSE h.confidence END,
			closed_on  = CASE WHEN h.digest IS NULL AND h.merged_into IS NULL THEN NULL ELSE h.closed_on END,
			digest = s.digest, updated_at = now()
		FROM (
			SELECT s.*,
				s.point IS NOT NULL AND NOT (k.placed_by = 'hand' AND k.point IS NOT NULL) AS new_place,
				s.point IS NULL AND k.placed_by = 'address match'
					AND (s.compound, s.building, s.stairwell, s.doorplate, s.address)
					IS DISTINCT FROM (k.compound, k.building, k.stairwell, k.doorplate, k.address) AS stale
			FROM ledger_stage s JOIN household k USING (id)) s
		WHERE h.id = s.id`)
	if err != nil {
		return fmt.Errorf("change households: %w", err)
	}
	return nil
}

// closeAbsent closes households that a full file no longer holds. Without a
// digest the next file that holds them opens them again.
func closeAbsent(ctx context.Context, tx pgx.Tx, ids any) error {
	_, err := tx.Exec(ctx, `
		UPDATE household SET closed_on = $2, area_id = `+lastUnit+`, digest = NULL, updated_at = now() WHERE id = ANY($1)`, ids, grid.Today())
	if err != nil {
		return fmt.Errorf("close absent households: %w", err)
	}
	return nil
}
