package town

import (
	"encoding/csv"
	"io"
	"strconv"

	"wangge/geo"
)

// Each town lists sites where a service point could stand: idle houses of its
// villages and vacant premises along its streets.
const (
	idleCount   = 36
	vacantCount = 24
)

// Candidate is a site where a service point could stand.
type Candidate struct {
	ID          string
	Kind        string // idle-house or vacant-premises
	Name        string
	Address     string
	At          geo.Point
	Unit        string // code of the building group
	Cost        int    // to open it, in yuan
	Capacity    int    // people at a time
	GroundFloor bool
	StepFree    bool
}

// candidates chooses buildings that no service point stands in.
func (b *builder) candidates(t *Town) {
	d := newDice(b.board.seed, streamCandidates, uint64(b.i), uint64(b.j))
	taken := map[geo.Point]bool{}
	for _, p := range t.ServicePoints {
		taken[p.At] = true
	}
	var idle, vacant []int
	for i, x := range t.Buildings {
		if taken[b.m.frame.lattice(b.houseList[i].middle())] {
			continue
		}
		switch x.Kind {
		case "house":
			idle = append(idle, i)
		case "retail", "commercial", "office", "industrial":
			vacant = append(vacant, i)
		}
	}
	for _, group := range []struct {
		kind, title string
		buildings   []int
		count, cost int
	}{
		{"idle-house", "闲置房屋", idle, idleCount, 60},
		{"vacant-premises", "空置商铺", vacant, vacantCount, 180},
	} {
		d.Shuffle(len(group.buildings), func(i, j int) {
			group.buildings[i], group.buildings[j] = group.buildings[j], group.buildings[i]
		})
		for _, i := range group.buildings[:min(group.count, len(group.buildings))] {
			x := t.Buildings[i]
			places := 10 + d.IntN(8)*5
			t.Candidates = append(t.Candidates, Candidate{
				ID:   "CS" + pad(b.seat, 3) + "-" + pad(len(t.Candidates)+1, 3),
				Kind: group.kind, Name: x.Address + group.title, Address: x.Address, At: b.m.frame.lattice(b.houseList[i].middle()), Unit: x.Unit,
				Cost: (group.cost + places*2 + d.IntN(60)) * 1000, Capacity: places, GroundFloor: d.chance(0.8), StepFree: d.chance(0.5),
			})
		}
	}
}

func (t *Town) writeCandidates(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"候选点编号", "名称", "类型", "费用(元)", "容纳人数", "一层", "无障碍", "经度", "纬度"}); err != nil {
		return err
	}
	yes := map[bool]string{true: "是", false: "否"}
	kinds := map[string]string{"idle-house": "闲置房屋", "vacant-premises": "空置商铺"}
	for _, c := range t.Candidates {
		lon, lat := degrees(c.At)
		if err := out.Write([]string{c.ID, c.Name, kinds[c.Kind], strconv.Itoa(c.Cost), strconv.Itoa(c.Capacity), yes[c.GroundFloor], yes[c.StepFree], lon, lat}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
