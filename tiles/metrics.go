package tiles

import (
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	drawing  prometheus.Histogram
	failures prometheus.Counter
	server   *Server
}

func newMetrics(s *Server) *metrics {
	return &metrics{
		server: s,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wangge_tile_requests_total", Help: "Tile requests by status.",
		}, []string{"status"}),
		drawing: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "wangge_tile_draw_seconds", Help: "Time to draw and compress a tile that was not in the cache.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .1, 1},
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wangge_tile_follow_failures_total", Help: "How often following changes of the map broke off.",
		}),
	}
}

// Collectors are the metrics of the server, to be registered once.
func (s *Server) Collectors() []prometheus.Collector {
	m := s.metrics
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	counter := func(name, help string, value func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	return []prometheus.Collector{
		m.requests, m.drawing, m.failures,
		counter("wangge_tile_cache_hits_total", "Tiles answered from the cache.", func() int64 { return s.tiles.Stats().Hits }),
		counter("wangge_tile_cache_misses_total", "Tiles that were not in the cache.", func() int64 { return s.tiles.Stats().Misses }),
		counter("wangge_tile_builds_total", "Tiles drawn.", func() int64 { return s.tiles.Stats().Builds }),
		counter("wangge_tile_cache_evicted_total", "Tiles pushed out of the cache.", func() int64 { return s.tiles.Stats().Evicted }),
		gauge("wangge_tile_cache_bytes", "Bytes of tiles in the cache.", func() float64 { return float64(s.tiles.Stats().Bytes) }),
		gauge("wangge_tile_store_bytes", "Bytes of prepared geometry of today's map.", func() float64 { return float64(s.StoreBytes()) }),
		gauge("wangge_tile_version", "Newest change that the map shows.", func() float64 { return float64(s.newest()) }),
	}
}

// StoreBytes is about the memory of what today's map is drawn from.
func (s *Server) StoreBytes() (n int64) {
	if v := s.current.Load(); v != nil {
		n = sizeOf(v.layers)
	}
	return n
}

func (s *Server) newest() (version int64) {
	for _, seen := range s.Versions() {
		version = max(version, seen)
	}
	return version
}
