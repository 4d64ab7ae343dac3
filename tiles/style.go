package tiles

import (
	"github.com/gofiber/fiber/v2"
)

func (s *Server) serveStyle(c *fiber.Ctx) error { return ErrLayer }
