package api_test

// packExamples are those of the map that a phone keeps.
func packExamples() []example {
	const v1 = "/api/v1"
	return []example{
		{"get-pack", "", thing, of(v1+"/packs/{}", "unit"), nil},
		{"get-pack-file", "", thing, of(v1+"/packs/{}/file", "unit"), nil},
	}
}
