package town

import "strconv"

// A name is written in Chinese and as it is read.
type name [2]string

// cat joins two names.
func (n name) cat(zh, en string) name { return name{n[0] + zh, n[1] + en} }

// pairs reads "稻香 Daoxiang, …" as names.
func pairs(flat ...string) []name {
	out := make([]name, 0, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		out = append(out, name{flat[i], flat[i+1]})
	}
	return out
}

// Town names are made of a plant of the marshes and a kind of waterside. None of
// the hundred is known to be a real town; 禾渡 is the first.
var (
	townPlants = pairs("禾", "He", "稻", "Dao", "苓", "Ling", "芡", "Qian", "菡", "Han", "苇", "Wei", "蘅", "Heng", "蓼", "Liao", "菰", "Gu", "荇", "Xing")
	townShores = pairs("渡", "du", "浦", "pu", "泾", "jing", "汀", "ting", "沚", "zhi", "湾", "wan", "洲", "zhou", "埠", "bu", "堰", "yan", "泊", "bo")
)

// townName is the name of the k-th town of a county, without 镇.
func townName(k int) name {
	a, c := townPlants[k%10], townShores[(k+k/10)%10]
	return a.cat(c[0], c[1])
}

// Roots of street, compound and community names: crops, flowers, water, weather
// and the usual virtues.
var roots = pairs(
	"稻香", "Daoxiang", "望江", "Wangjiang", "青禾", "Qinghe", "春晖", "Chunhui", "荷塘", "Hetang", "桂花", "Guihua",
	"映月", "Yingyue", "杏林", "Xinglin", "莲溪", "Lianxi", "碧水", "Bishui", "听雨", "Tingyu", "芦花", "Luhua",
	"金穗", "Jinsui", "银杏", "Yinxing", "白鹭", "Bailu", "云帆", "Yunfan", "晨光", "Chenguang", "秋实", "Qiushi",
	"梅园", "Meiyuan", "竹韵", "Zhuyun", "清波", "Qingbo", "柳岸", "Liu'an", "兰亭里", "Lantingli", "锦绣", "Jinxiu",
	"彩虹", "Caihong", "星河", "Xinghe", "永安", "Yong'an", "和平", "Heping", "幸福", "Xingfu", "朝阳", "Chaoyang",
	"向阳", "Xiangyang", "新民", "Xinmin", "富民", "Fumin", "丰收", "Fengshou", "团结", "Tuanjie", "友谊", "Youyi",
	"光明", "Guangming", "平安", "Ping'an", "育才", "Yucai", "文化", "Wenhua", "健康", "Jiankang", "振兴", "Zhenxing",
	"鱼跃", "Yuyue", "沙鸥", "Sha'ou", "远航", "Yuanhang", "翠屏", "Cuiping", "枫林", "Fenglin", "海棠", "Haitang",
	"紫薇", "Ziwei", "玉兰", "Yulan", "石榴", "Shiliu", "樱花", "Yinghua", "芙蓉", "Furong", "丹桂", "Dangui",
	"双桥", "Shuangqiao", "古渡", "Gudu", "渔歌", "Yuge", "晚晴", "Wanqing", "清风", "Qingfeng", "明月", "Mingyue",
	"瑞雪", "Ruixue", "甘泉", "Ganquan", "龙井湾", "Longjingwan", "凤栖", "Fengqi", "鹤鸣", "Heming", "鹭洲", "Luzhou",
	"杏花", "Xinghua", "桃源", "Taoyuan", "翰林", "Hanlin", "书香", "Shuxiang", "墨池", "Mochi", "采莲", "Cailian",
	"浣纱", "Huansha", "垂虹", "Chuihong", "晴川", "Qingchuan", "烟雨", "Yanyu", "云栖", "Yunqi", "松涛", "Songtao",
	"听涛", "Tingtao", "观澜", "Guanlan", "锦溪", "Jinxi", "嘉禾", "Jiahe", "瑞丰", "Ruifeng", "安康", "Ankang",
	"乐业", "Leye", "惠民", "Huimin", "康乐", "Kangle", "长青", "Changqing", "常春", "Changchun", "迎宾", "Yingbin",
	"枕水", "Zhenshui", "菱歌", "Lingge", "蒲塘", "Putang", "苇岸", "Wei'an", "耕读", "Gengdu", "麦浪", "Mailang",
	"东篱", "Dongli", "南塘", "Nantang", "西畴", "Xichou", "北汀", "Beiting", "长堤", "Changdi", "新港", "Xingang",
)

// Industrial streets.
var worksRoots = pairs("创新", "Chuangxin", "工业", "Gongye", "科创", "Kechuang", "兴业", "Xingye", "精工", "Jinggong", "联航", "Lianhang", "通港", "Tonggang", "智造", "Zhizao", "腾飞", "Tengfei", "宏图", "Hongtu", "惠工", "Huigong", "百业", "Baiye", "惠创", "Huichuang", "强工", "Qianggong", "汇智", "Huizhi", "启航", "Qihang", "建业", "Jianye", "通达", "Tongda", "广源", "Guangyuan", "聚贤", "Juxian")

// Lanes of the old town.
var oldRoots = pairs("渡口", "Dukou", "米市", "Mishi", "鱼行", "Yuhang", "竹器", "Zhuqi", "打铁", "Datie", "油车", "Youche", "茶馆", "Chaguan", "当铺", "Dangpu", "书院", "Shuyuan", "东栅", "Dongzha", "西栅", "Xizha", "河沿", "Heyan", "石板", "Shiban", "酱园", "Jiangyuan", "染坊", "Ranfang", "药师", "Yaoshi", "仓前", "Cangqian", "牌楼", "Pailou", "布市", "Bushi", "豆腐", "Doufu", "花市", "Huashi", "钟楼", "Zhonglou", "状元", "Zhuangyuan", "桥堍", "Qiaotu", "井亭", "Jingting", "银匠", "Yinjiang", "船坞", "Chuanwu", "香烛", "Xiangzhu", "南栅", "Nanzha", "北栅", "Beizha")

var compoundEnds = pairs("苑", " Garden", "新村", " New Village", "家园", " Homestead", "雅苑", " Court", "公寓", " Apartments", "花园", " Gardens", "里", " Terrace", "佳园", " Park Homes")

var surnames = pairs("沈", "Shen", "陆", "Lu", "顾", "Gu", "周", "Zhou", "徐", "Xu", "朱", "Zhu", "钱", "Qian", "姚", "Yao", "潘", "Pan", "蒋", "Jiang", "曹", "Cao", "倪", "Ni", "唐", "Tang", "严", "Yan", "金", "Jin", "瞿", "Qu", "庄", "Zhuang", "奚", "Xi", "叶", "Ye", "吴", "Wu", "杨", "Yang", "孙", "Sun", "陈", "Chen", "张", "Zhang")

var hamletEnds = pairs("家宅", "jiazhai", "家桥", "jiaqiao", "家浜", "jiabang", "家湾", "jiawan", "家圩", "jiawei", "家塘", "jiatang", "家埭", "jiadai")

// deck deals names of a list in a shuffled order; when it runs out it begins
// again with a number.
type deck struct {
	list []name
	at   int
}

func newDeck(d dice, list []name) *deck {
	c := append([]name(nil), list...)
	d.Shuffle(len(c), func(i, j int) { c[i], c[j] = c[j], c[i] })
	return &deck{list: c}
}

func (k *deck) next() name {
	n, round := k.list[k.at%len(k.list)], k.at/len(k.list)
	k.at++
	switch round {
	case 0:
		return n
	case 1:
		return name{"新" + n[0], "New " + n[1]}
	}
	return n.cat(numeral(round), " "+strconv.Itoa(round))
}

// numeral writes a number from 1 to 999 in Chinese.
func numeral(n int) string {
	digits := [...]string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	one := func(k int) string { return digits[k] }
	switch {
	case n >= 100 && n%100 == 0:
		return one(n/100) + "百"
	case n >= 100 && n%100 < 10:
		return one(n/100) + "百零" + one(n%10)
	case n >= 100 && n%100 < 20:
		return one(n/100) + "百一" + numeral(n%100)
	case n >= 100:
		return one(n/100) + "百" + numeral(n%100)
	case n < 10:
		return one(n)
	case n < 20 && n%10 == 0:
		return "十"
	case n < 20:
		return "十" + one(n%10)
	case n%10 == 0:
		return one(n/10) + "十"
	}
	return one(n/10) + "十" + one(n%10)
}

// streetName makes a street name of a class.
func (b *builder) streetName(class string, zone use) name {
	switch {
	case zone == oldTown:
		n := b.oldNames.next()
		if class == "footway" {
			return n.cat("弄", " Lane")
		}
		return n.cat("街", " Street")
	case zone == works:
		return b.worksNames.next().cat("路", " Road")
	case class == "primary":
		return b.rootNames.next().cat("大道", " Avenue")
	case class == "unclassified":
		return b.rootNames.next().cat("村道", " Village Road")
	}
	return b.rootNames.next().cat("路", " Road")
}

// hamletName makes a name no other hamlet of the town has.
func (b *builder) hamletName() name {
	for {
		s := pick(b.d, surnames)
		e := pick(b.d, hamletEnds)
		n := s.cat(e[0], e[1])
		if !b.usedHamlets[n[0]] {
			b.usedHamlets[n[0]] = true
			return n
		}
	}
}
