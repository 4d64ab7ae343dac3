package ledger

// teller tells somebody of progress without making the import wait. It must not
// wait: on a first load it holds the ledger against readers, and whoever is told
// may need a database connection that such a reader holds.
type teller struct {
	latest chan telling
	ended  chan struct{}
}

type telling struct {
	done, total int64
	stage       string
}

func newTeller(progress func(done, total int64, stage string)) *teller {
	t := &teller{latest: make(chan telling, 1), ended: make(chan struct{})}
	go func() {
		defer close(t.ended)
		for v := range t.latest {
			if progress != nil {
				progress(v.done, v.total, v.stage)
			}
		}
	}()
	return t
}

// say replaces what was not told yet. One goroutine at a time may call it.
func (t *teller) say(v telling) {
	select {
	case t.latest <- v:
	default:
		select {
		case <-t.latest:
		default:
		}
		t.latest <- v
	}
}

// stop waits until the last was told.
func (t *teller) stop() {
	close(t.latest)
	<-t.ended
}
