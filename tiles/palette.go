package tiles

// palette is the colours of the map in one light. Red and green never stand alone
// against each other, and text keeps a contrast of 4.5 to 1 on what lies under it.
type palette struct {
	land, water, waterLine, waterText string
	park, wood, field, pitch, grave   string
	building, buildingEdge            string

	motorway, trunk, primary, secondary, street, pathway, rail string
	casing, majorCasing                                        string

	text, softText, halo string
	border, borderHalo   string
	// tints fill units so that neighbours differ.
	tints      [6]string
	tintWeight float64

	household, vacant        string
	incident, incidentClosed string
	tiers                    [4]string // center, station, point, other
	zone                     string
	cells                    [5]string // from few to many
	grades                   [3]string // of premises: red, yellow, green
}

var palettes = map[string]palette{
	"light": {
		land: "#f4f2ec", water: "#bcd7e3", waterLine: "#a3c6d6", waterText: "#3f6f86",
		park: "#d5e5c3", wood: "#c7dcb8", field: "#eceadb", pitch: "#cfe3c8", grave: "#dbe3d0",
		building: "#e3ddd3", buildingEdge: "#cfc7ba",
		motorway: "#f0b27c", trunk: "#f5c993", primary: "#fadfae", secondary: "#fdf0cf", street: "#ffffff",
		pathway: "#c4b8a4", rail: "#b3aea6", casing: "#d8d2c6", majorCasing: "#d9b88c",
		text: "#24343b", softText: "#56646a", halo: "#ffffff", border: "#0f5561", borderHalo: "#ffffff",
		tints:      [6]string{"#e8b7a0", "#a9cbb7", "#b9bfe0", "#ecd9a0", "#d9b3cc", "#a6d0d8"},
		tintWeight: 0.28,
		household:  "#2f6f9f", vacant: "#8a979d", incident: "#c2560c", incidentClosed: "#9a8f86",
		tiers: [4]string{"#7b2d6b", "#9c4f8d", "#b97bad", "#8f8a94"}, zone: "#8a6d00",
		cells:  [5]string{"#e3eef0", "#b6d5da", "#7fb3bd", "#438a98", "#12606f"},
		grades: [3]string{"#b3261e", "#d99a00", "#2e7d5b"},
	},
	"dark": {
		land: "#12191d", water: "#152f3d", waterLine: "#1d4053", waterText: "#7fb0c6",
		park: "#16291f", wood: "#14261d", field: "#171f1d", pitch: "#1a2e24", grave: "#1a2620",
		building: "#1f2a2f", buildingEdge: "#2b393f",
		motorway: "#7a5a37", trunk: "#6b5238", primary: "#5a4d3c", secondary: "#46443d", street: "#333f45",
		pathway: "#3f4a4f", rail: "#4a5459", casing: "#0c1215", majorCasing: "#0c1215",
		text: "#e6edef", softText: "#a3b1b7", halo: "#0d1417", border: "#62bcc8", borderHalo: "#0d1417",
		tints:      [6]string{"#b5623f", "#3f8f6a", "#6671c4", "#a98a2e", "#9d5587", "#3f93a3"},
		tintWeight: 0.2,
		household:  "#7fb8e6", vacant: "#75838a", incident: "#f0955a", incidentClosed: "#7d7670",
		tiers: [4]string{"#e29ad0", "#c983b8", "#a66c98", "#8b8790"}, zone: "#d9bb4a",
		cells:  [5]string{"#1d3238", "#23505a", "#2f7683", "#4fa3b0", "#95d5de"},
		grades: [3]string{"#f2746b", "#e8b931", "#5fbf94"},
	},
	// print saves ink, and stays legible when it comes out of a grey printer: more
	// is darker.
	"print": {
		land: "#ffffff", water: "#d6e4ea", waterLine: "#9db9c6", waterText: "#33586a",
		park: "#eef3e8", wood: "#e6eedf", field: "#fafaf5", pitch: "#e9f1e5", grave: "#eef1ea",
		building: "#ececec", buildingEdge: "#bdbdbd",
		motorway: "#d9d9d9", trunk: "#e0e0e0", primary: "#e8e8e8", secondary: "#f2f2f2", street: "#ffffff",
		pathway: "#b8b8b8", rail: "#8c8c8c", casing: "#b5b5b5", majorCasing: "#8f8f8f",
		text: "#000000", softText: "#3d3d3d", halo: "#ffffff", border: "#000000", borderHalo: "#ffffff",
		tints:      [6]string{"#f0c9b5", "#bfdccb", "#cdd1ec", "#f2e4b8", "#e6c9dc", "#bfe0e6"},
		tintWeight: 0.35,
		household:  "#1f4e79", vacant: "#8a8a8a", incident: "#a03c00", incidentClosed: "#8a8a8a",
		tiers: [4]string{"#5c1f50", "#864077", "#a86b9c", "#7a7a7a"}, zone: "#6b5500",
		cells:  [5]string{"#edf4f5", "#c5dde1", "#8fbcc5", "#4d8f9c", "#0f4f5c"},
		grades: [3]string{"#8c1a14", "#b58100", "#1f5f43"},
	},
}
