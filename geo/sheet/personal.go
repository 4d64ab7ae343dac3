package sheet

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"wangge/geo/redact"
)

// Personal data is dropped at the door: a ledger of dwellings needs no names,
// phones or identity numbers (Personal Information Protection Law, articles 6
// and 28). What is personal is told by the header first, by the values second.

// The reasons for dropping a column.
const (
	reasonName     = "holds names of people"
	reasonPhone    = "holds phone numbers or other ways to reach people"
	reasonIdentity = "holds identity numbers"
	reasonPerson   = "is about a single person"
)

// personalChinese are parts of headers. The identity numbers come first: "户主身份证号"
// is one.
var personalChinese = []struct {
	reason string
	parts  []string
}{
	{reasonIdentity, []string{"身份证", "身份號", "身份号", "身分證", "证件号", "證件號", "公民身份", "护照", "護照", "居住证号", "残疾证", "社保号", "社保卡", "医保号", "医保卡", "银行卡", "银行账号", "银行帐号", "车牌"}},
	{reasonPhone, []string{"电话", "電話", "手机", "手機", "联系方式", "聯絡方式", "联络方式", "微信", "qq", "邮箱", "郵箱", "电邮"}},
	{reasonName, []string{"姓名", "户主", "戶主", "户长", "联系人", "聯絡人", "联络人", "业主", "房东", "房主", "产权人", "租客", "承租人", "租户", "居住人", "监护人", "申请人", "申請人", "投诉人", "诉求人", "来电人", "报案人", "上报人", "举报人", "当事人", "经办人", "填报人", "填表人", "采集人", "负责人", "法定代表人", "法人代表", "网格长", "网格员", "楼栋长", "楼组长", "片长", "责任人"}},
	{reasonPerson, []string{"出生日期", "出生年月", "生日", "民族", "籍贯", "政治面貌", "婚姻", "宗教", "病史"}},
}

// notPersons are the ends of headers that count or classify people.
var notPersons = []string{"数", "數", "量", "占比", "比例", "类型", "类别", "满意度", "亭", "编码", "编号", "岗位", "委员会", "公司", "单位"}

// personalWords are English words that make a header personal wherever they are.
var personalWords = map[string]string{
	"phone": reasonPhone, "phones": reasonPhone, "telephone": reasonPhone, "tel": reasonPhone, "mobile": reasonPhone, "cellphone": reasonPhone, "fax": reasonPhone,
	"email": reasonPhone, "mail": reasonPhone, "wechat": reasonPhone, "contact": reasonPhone,
	"idcard": reasonIdentity, "idno": reasonIdentity, "passport": reasonIdentity, "ssn": reasonIdentity, "identity": reasonIdentity,
	"surname": reasonName, "firstname": reasonName, "lastname": reasonName, "fullname": reasonName, "givenname": reasonName, "username": reasonName,
	"householder": reasonName, "owner": reasonName, "tenant": reasonName, "landlord": reasonName, "applicant": reasonName, "complainant": reasonName,
	"caller": reasonName, "requester": reasonName, "reporter": reasonName,
	"birthday": reasonPerson, "birthdate": reasonPerson, "dob": reasonPerson, "ethnicity": reasonPerson, "religion": reasonPerson,
}

// personsBeforeName are the words that make a "name" that of a person.
var personsBeforeName = []string{"first", "last", "full", "given", "family", "middle", "person", "resident", "head", "user", "customer", "holder", "worker", "officer", "member", "leader", "staff", "citizen"}

// harmlessWords make a header with a personal word count or classify.
var harmlessWords = []string{"count", "number", "num", "total", "type", "kind", "class", "category", "rate", "method", "share", "code", "date", "time", "service", "services", "stop", "stops", "point"}

// Personal tells whether a header announces personal data, and which. Names of
// places are not: 楼栋名, 小区名称, "place name", "station_name".
func Personal(header string) (reason string, ok bool) {
	text := bare(header)
	if text == "" {
		return "", false
	}
	for _, kind := range personalChinese {
		for _, part := range kind.parts {
			if strings.Contains(text, part) && !counts(text, part) {
				return kind.reason, true
			}
		}
	}
	switch text {
	case "名字", "人名", "法人", "name", "names":
		return reasonName, true
	case "idcard", "idno", "idnumber", "identitynumber", "idcardno", "idcardnumber":
		return reasonIdentity, true
	}
	return personalEnglish(words(header))
}

// counts tells whether the header only counts or classifies what its part names.
func counts(text, part string) bool {
	rest := text[strings.Index(text, part)+len(part):]
	return slices.ContainsFunc(notPersons, func(end string) bool { return rest != "" && strings.HasSuffix(rest, end) })
}

func personalEnglish(list []string) (reason string, ok bool) {
	phone := slices.ContainsFunc(list, func(w string) bool { return personalWords[w] == reasonPhone && w != "contact" && w != "mail" })
	harmless := slices.ContainsFunc(list, func(w string) bool { return slices.Contains(harmlessWords, w) })
	for i, word := range list {
		if why := personalWords[word]; why != "" && (!harmless || phone && slices.Contains(list, "number")) {
			return why, true
		}
		if word == "card" && i > 0 && list[i-1] == "id" {
			return reasonIdentity, true
		}
		if word == "name" && i > 0 && slices.Contains(personsBeforeName, list[i-1]) {
			return reasonName, true
		}
	}
	return "", false
}

// words cuts a header at spaces, joints and changes of case: "ownerName_zh" is
// owner, name, zh.
func words(header string) []string {
	var list []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			list = append(list, strings.ToLower(string(word)))
		}
		word = nil
	}
	for _, r := range norm.NFKC.String(header) {
		switch {
		case !unicode.IsLetter(r) || r >= 0x2E80:
			flush()
			continue
		case unicode.IsUpper(r) && len(word) > 0 && unicode.IsLower(word[len(word)-1]):
			flush()
		}
		word = append(word, r)
	}
	flush()
	return list
}

// LooksPersonal tells whether a value holds a phone or identity number (package redact).
func LooksPersonal(value string) (reason string, ok bool) {
	found := redact.Find(value)
	if len(found) == 0 {
		return "", false
	}
	for _, f := range found {
		if f.Kind == redact.Identity {
			return reasonIdentity, true
		}
	}
	return reasonPhone, true
}
