package main

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"wangge/api"
)

// openapiCommand prints the description of the API, from which the page's types
// are made.
type openapiCommand struct{}

// Run needs no database: the description comes from the types alone.
func (c *openapiCommand) Run(p *program) error {
	text, err := api.Resources(fiber.New(), api.Config{Log: p.log, Version: "1"}).MarshalJSON()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n", text)
	return err
}
