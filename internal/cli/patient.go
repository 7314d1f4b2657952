package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// logPatience is how long a write to the log may take. A runner that is busy reads on
// sooner, and a pipe has room meanwhile; one that does not read at all must not keep a
// deploy from its end, nor a cancelled run from settling its record.
const logPatience = 5 * time.Second

// Patient returns a standard output or error that blocks nobody for long: what is not
// taken in time is lost, and how much that was is said once somebody reads again. A
// terminal is left as it is, since who stops one means to.
func Patient(f *os.File) io.Writer {
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return f
	}
	return newPatient(f, logPatience)
}

// patient is a writer whose writes end in time, written or not.
type patient struct {
	w     io.Writer
	limit time.Duration
	ended chan error // how the write before ended; its one place is empty while that goes on

	mu   sync.Mutex
	late bool // the last write did not end in time
	lost int  // how many writes were left out since then
}

func newPatient(w io.Writer, limit time.Duration) *patient {
	p := &patient{w: w, limit: limit, ended: make(chan error, 1)}
	p.ended <- nil
	return p
}

var errLate = errors.New("nobody reads what is written")

// Write returns how the write ended, or an error when it takes too long. It then goes
// on by itself, and what is written until it ends is left out.
func (p *patient) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.late {
		select {
		case <-p.ended: //nolint:errcheck // its caller went on without it
		default:
			p.lost++
			return 0, errLate
		}
		if p.lost > 0 {
			b = append(fmt.Appendf(nil, "(the log was not read for a while: %d messages are missing here)\n", p.lost), b...)
		}
		p.late, p.lost = false, 0
	} else {
		<-p.ended //nolint:errcheck // nil: see below
	}
	own := append([]byte(nil), b...) // the caller may use b again
	go func() {
		_, err := p.w.Write(own)
		p.ended <- err
	}()
	timer := time.NewTimer(p.limit)
	defer timer.Stop()
	select {
	case err := <-p.ended:
		p.ended <- nil
		return len(b), err
	case <-timer.C:
		p.late = true
		return 0, errLate
	}
}
