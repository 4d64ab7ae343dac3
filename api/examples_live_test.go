package api_test

// liveExamples are what happens.
func liveExamples() []example {
	return []example{
		{"watch", "", general, at("/api/v1/live?once=true"), nil},
	}
}
