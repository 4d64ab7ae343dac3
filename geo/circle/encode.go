package circle

func decodeCells(body []byte, column, resolution int, rounded bool) ([]CellRow, error) {
	return nil, nil
}
