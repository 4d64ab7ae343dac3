package sheet

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/geo/fault"
)

var households = []Field{
	{Name: "source_id", Aliases: []string{"编号", "户编号"}, Required: true, Public: true},
	{Name: "compound", Aliases: []string{"小区名称", "小区"}},
	{Name: "building", Aliases: []string{"楼栋", "building no"}},
	{Name: "lon", Aliases: []string{"经度", "longitude"}, Required: true},
	{Name: "lat", Aliases: []string{"纬度", "latitude"}, Required: true},
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		custom map[string]string
		want   map[string]string // field → header
	}{
		{"Chinese", []string{"编号", "小区", "经度", "纬度"}, nil, map[string]string{"source_id": "编号", "compound": "小区", "lon": "经度", "lat": "纬度"}},
		{"English in any case and joint", []string{"Source ID", "BUILDING_NO.", "Longitude", "LATITUDE"}, nil, map[string]string{"source_id": "Source ID", "building": "BUILDING_NO.", "lon": "Longitude", "lat": "LATITUDE"}},
		{"marks of obligation, width, brackets", []string{"* 编号（必填）", "＊经　度(WGS84)", "纬度【选填】"}, nil, map[string]string{"source_id": "* 编号（必填）", "lon": "＊经　度(WGS84)", "lat": "纬度【选填】"}},
		{"full-width letters", []string{"编号", "ＬＯＮ", "ｌａｔ"}, nil, map[string]string{"source_id": "编号", "lon": "ＬＯＮ", "lat": "ｌａｔ"}},
		{"the better alias wins", []string{"编号", "小区", "小区名称", "lon", "lat"}, nil, map[string]string{"source_id": "编号", "compound": "小区名称", "lon": "lon", "lat": "lat"}},
		{"the whole name before the bare one", []string{"编号", "经度(GCJ02)", "经度", "纬度"}, nil, map[string]string{"source_id": "编号", "lon": "经度", "lat": "纬度"}},
		{"a mapping", []string{"A", "X坐标", "Y坐标", "经度"}, map[string]string{"source_id": "a", "lon": "X坐标", "lat": "y坐标"}, map[string]string{"source_id": "A", "lon": "X坐标", "lat": "Y坐标"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Match(tt.header, households, tt.custom)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range households {
				if c.Has(f.Name) {
					got[f.Name] = c.Header(f.Name)
				}
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for _, u := range c.Unknown {
				if slices.Contains([]string{"X坐标", "编号"}, u) {
					t.Errorf("a matched column is unknown: %q", c.Unknown)
				}
			}
		})
	}
}

func TestMatchFaults(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		custom map[string]string
		want   []string // code and pointer
	}{
		{"missing", []string{"编号", "小区"}, nil, []string{"column_missing column lon", "column_missing column lat"}},
		{"twice", []string{"编号", "经度", "经度 ", "纬度"}, nil, []string{"column_duplicate column lon"}},
		{"a mapping of an unknown field", []string{"编号", "经度", "纬度"}, map[string]string{"colour": "编号"}, []string{"mapping_unknown mapping colour"}},
		{"a mapping to a column that is not there", []string{"编号", "经度", "纬度"}, map[string]string{"lon": "X"}, []string{"mapping_unknown mapping lon"}},
		{"a mapping to a name", []string{"编号", "经度", "纬度", "户主姓名"}, map[string]string{"compound": "户主姓名"}, []string{"column_personal mapping compound"}},
		{"a mapping of a public field to identity numbers", []string{"身份证号", "经度", "纬度"}, map[string]string{"source_id": "身份证号"}, []string{"column_personal mapping source_id"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Match(tt.header, households, tt.custom)
			if !errors.Is(err, ErrColumns) {
				t.Fatalf("got %v, want ErrColumns", err)
			}
			var got []string
			for _, p := range fault.Of(err).Places {
				got = append(got, p.Code+" "+p.Pointer)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPersonalColumnsAreDroppedAndReported(t *testing.T) {
	header := []string{"编号", "户主姓名", "经度", "纬度", "联系电话", "身份证号码", "备注"}
	c, err := Match(header, households, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Dropped{{1, "户主姓名", reasonName}, {4, "联系电话", reasonPhone}, {5, "身份证号码", reasonIdentity}}
	if !reflect.DeepEqual(c.Dropped, want) || !reflect.DeepEqual(c.Unknown, []string{"备注"}) {
		t.Errorf("got dropped %v, unknown %q", c.Dropped, c.Unknown)
	}
}

func TestPublicFieldMayTakeANameOrPhone(t *testing.T) {
	fields := []Field{{Name: "name", Public: true, Required: true}, {Name: "phone", Aliases: []string{"电话"}, Public: true}}
	c, err := Match([]string{"name", "电话", "联系人"}, fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Header("name") != "name" || c.Header("phone") != "电话" || len(c.Dropped) != 1 {
		t.Errorf("got %q, %q, dropped %v", c.Header("name"), c.Header("phone"), c.Dropped)
	}
	private := []Field{{Name: "name"}}
	if c, err = Match([]string{"name"}, private, nil); err != nil || c.Has("name") || len(c.Dropped) != 1 {
		t.Errorf("a field of no place took a name: %+v, %v", c, err)
	}
}

func TestPersonalHeaders(t *testing.T) {
	personal := []string{"姓名", "户主", "户主姓名", "联系人", "联系电话", "电话", "手机", "手机号码", "身份证", "身份证号码", "证件号", "证件号码(必填)", "业主", "网格员", "负责人",
		"name", "Name", "NAME", "phone", "Phone Number", "mobile", "id_card", "ID Card No", "owner", "ownerName", "contact", "contact_name", "first name", "lastName", "e-mail", "email", "微信号", "出生日期", "民族"}
	places := []string{"楼栋名", "楼栋名称", "小区名称", "小区名", "place name", "building_name", "station_name", "StationName", "street", "名称", "name_en", "单位名称", "户数", "业主数", "联系人数量",
		"网格员人数", "网格员数", "业主委员会", "电话亭", "owner_type", "number of owners", "id", "code", "hotel", "mobile stops", "village", "cellId", "编号", "地址", "证件类型", "contact date", "", "（）"}
	for _, h := range personal {
		if _, ok := Personal(h); !ok {
			t.Errorf("%q is not personal", h)
		}
	}
	for _, h := range places {
		if reason, ok := Personal(h); ok {
			t.Errorf("%q %s", h, reason)
		}
	}
}

func TestPersonalValues(t *testing.T) {
	personal := map[string]string{
		"13800138000": reasonPhone, "+86 138-0013-8000": reasonPhone, "008613800138000": reasonPhone, "138 0013 8000": reasonPhone, "１３８００１３８０００": reasonPhone,
		"请打13912345678找老王": reasonPhone, "0571-87654321": reasonPhone, "(021)62345678": reasonPhone, "（021） 6234567": reasonPhone, "021-62345678-801": reasonPhone,
		"11010519491231002X": reasonIdentity, "11010519491231002x": reasonIdentity, "440524188001010014": reasonIdentity, "户主110105194912310 02X": reasonIdentity,
		"身份证：11010519491231002X。": reasonIdentity, "110105491231002": reasonIdentity,
	}
	for value, want := range personal {
		if got, ok := LooksPersonal(value); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
	others := []string{"", "3号楼", "120.1301238690", "330106005051001", "330106005051", "330106005051001234", "110105194912310021", "20240405130000", "14-00293539", "17-00489480",
		"2024-04-05 13:00:00", "SR-138001380001", "12345", "0571", "1-3-501", "13800138000123", "6225880137654321987", "10000000000", "12000000000", "A座1301室", "1385.00138000", "2020-12345678"}
	for _, value := range others {
		if reason, ok := LooksPersonal(value); ok {
			t.Errorf("%q %s", value, reason)
		}
	}
}

func TestDropPersonalByValues(t *testing.T) {
	header := []string{"编号", "小区", "经度", "纬度", "备注一", "备注二"}
	c, err := Match(header, households, nil)
	if err != nil {
		t.Fatal(err)
	}
	var sample []Row
	for i := range 30 {
		row := Row{Line: i + 2, Cells: []string{fmt.Sprint(i), fmt.Sprintf("1380013%04d", i), "120", "30", "", "花墙"}}
		if i%6 == 0 {
			row.Cells[4] = fmt.Sprintf("找老王 1391234%04d", i)
		}
		sample = append(sample, row)
	}
	sample[0].Cells[5] = "13800138000" // one phone among many remarks is for the importer of the row
	c.DropPersonal(sample)
	want := []Dropped{{1, "小区", reasonPhone}, {4, "备注一", reasonPhone}}
	if !reflect.DeepEqual(c.Dropped, want) || c.Has("compound") || c.Get(sample[0], "compound") != "" || !reflect.DeepEqual(c.Unknown, []string{"备注二"}) {
		t.Errorf("got dropped %v, unknown %q, compound %q", c.Dropped, c.Unknown, c.Get(sample[0], "compound"))
	}
	if !c.Has("source_id") {
		t.Error("the id is gone")
	}
}

func TestIdentityNumbersAsIDsAreDropped(t *testing.T) {
	c, err := Match([]string{"编号", "lon", "lat"}, households, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.DropPersonal([]Row{{Cells: []string{"11010519491231002X"}}, {Cells: []string{"440524188001010014"}}})
	if c.Has("source_id") {
		t.Error("identity numbers are taken for ids")
	}
}

func TestValues(t *testing.T) {
	c, err := Match([]string{"编号", "经度", "纬度"}, households, nil)
	if err != nil {
		t.Fatal(err)
	}
	cell := func(text string) Row { return Row{Line: 17, Cells: []string{"1", text}} }
	show := func(v any, ok bool, bad *fault.Place) string {
		switch {
		case bad != nil:
			return "fault " + bad.Code + " at " + bad.Pointer
		case !ok:
			return "empty"
		}
		if at, is := v.(time.Time); is {
			v = at.Format(time.RFC3339Nano)
		}
		return fmt.Sprint(v)
	}
	const at = " at row 17, column 2 (经度)"
	shanghai := time.FixedZone("CST", 8*3600)
	tests := []struct{ kind, text, want string }{
		{"float", "120.13", "120.13"}, {"float", "１２０．１３", "120.13"}, {"float", "\u3000 120.13\u00a0", "120.13"}, {"float", "－3.5", "-3.5"}, {"float", "1,200.5", "1200.5"},
		{"float", "1.2E+2", "120"}, {"float", "", "empty"}, {"float", "　", "empty"}, {"float", "NaN", "fault not_a_number" + at}, {"float", "0x10", "fault not_a_number" + at},
		{"float", "120°13′", "fault not_a_number" + at}, {"float", "inf", "fault not_a_number" + at}, {"float", "1,2", "fault not_a_number" + at}, {"float", "1e999", "fault not_a_number" + at},
		{"int", "12", "12"}, {"int", "１２", "12"}, {"int", "12.0", "12"}, {"int", "1,200", "1200"}, {"int", "12.5", "fault not_a_number" + at}, {"int", "三", "fault not_a_number" + at}, {"int", "1e300", "fault not_a_number" + at},
		{"bool", "是", "true"}, {"bool", "否", "false"}, {"bool", "Ｙ", "true"}, {"bool", "FALSE", "false"}, {"bool", "√", "true"}, {"bool", "大概", "fault not_yes_or_no" + at}, {"bool", " ", "empty"},
		{"date", "2024-04-05", "2024-04-05T00:00:00+08:00"}, {"date", "2024/4/5", "2024-04-05T00:00:00+08:00"}, {"date", "2024.4.5 7:08", "2024-04-05T07:08:00+08:00"},
		{"date", "2024年4月5日", "2024-04-05T00:00:00+08:00"}, {"date", "２０２４年４月５日 13:14:15", "2024-04-05T13:14:15+08:00"}, {"date", "2024年4月5日13时14分", "2024-04-05T13:14:00+08:00"}, {"date", "20240405", "2024-04-05T00:00:00+08:00"},
		{"date", "04/22/2014 01:07:39 PM", "2014-04-22T13:07:39+08:00"}, {"date", "4/5/2014", "2014-04-05T00:00:00+08:00"}, {"date", "22/04/2014", "fault not_a_date" + at},
		{"date", "2024-04-05T03:07:39Z", "2024-04-05T03:07:39Z"}, {"date", "2024-04-05T03:07:39.5+08:00", "2024-04-05T03:07:39.5+08:00"}, {"date", "2024-02-30", "fault not_a_date" + at}, {"date", "昨天", "fault not_a_date" + at}, {"date", "45387", "fault not_a_date" + at},
	}
	for _, tt := range tests {
		var got string
		switch row := cell(tt.text); tt.kind {
		case "float":
			v, ok, bad := c.Float(row, "lon")
			got = show(v, ok, bad)
		case "int":
			v, ok, bad := c.Int(row, "lon")
			got = show(v, ok, bad)
		case "bool":
			v, ok, bad := c.Bool(row, "lon")
			got = show(v, ok, bad)
		case "date":
			v, ok, bad := c.Date(row, "lon", shanghai)
			got = show(v, ok, bad)
		}
		if got != tt.want {
			t.Errorf("%s %q: got %s, want %s", tt.kind, tt.text, got, tt.want)
		}
	}
	if got := c.Get(cell("　Ａ座１０３室（东）　"), "lon"); got != "A座103室（东）" {
		t.Errorf("text: got %q", got)
	}
	if got := c.Get(Row{Cells: []string{"1"}}, "lat"); got != "" {
		t.Errorf("beyond the row: got %q", got)
	}
}

func TestFaultOfARowNamesTheColumn(t *testing.T) {
	c, err := Match([]string{"编号", "经度", "纬度"}, households, nil)
	if err != nil {
		t.Fatal(err)
	}
	row := Row{Line: 5, Cells: []string{"1", "#N/A", "30"}, cells: map[int]fault.Place{1: {Code: CodeCell, Detail: "x"}, 9: {Code: CodeCell}}}
	if got := c.Fault(row); got == nil || got.Pointer != "row 5, column 2 (经度)" {
		t.Errorf("got %+v", got)
	}
	row.cells = map[int]fault.Place{9: {Code: CodeCell}}
	if got := c.Fault(row); got != nil {
		t.Errorf("a bad cell in a column that is not read: got %+v", got)
	}
	if got := strings.Count(c.Pointer(row, "compound"), "column"); got != 0 {
		t.Errorf("a field without column has one in its pointer: %s", c.Pointer(row, "compound"))
	}
}
