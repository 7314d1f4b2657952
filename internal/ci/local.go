package ci

import "github.com/berth-dev/berth/internal/result"

// local is a terminal, or a CI that Berth does not know: plain text, and every
// fact comes from the inputs.
type local struct{ printer *printer }

func (local) Name() string                { return "local" }
func (local) Context() (Context, error)   { return Context{}, nil }
func (l local) Group(title string)        { l.Line(title) }
func (local) EndGroup()                   {}
func (l local) Line(text string)          { l.printer.write(plain(text)) }
func (l local) Plain(text string) string  { return l.printer.line(text) }
func (l local) Mask(secret string)        { l.printer.mask(secret) }
func (l local) Redact(text []byte) []byte { return l.printer.redact(text) }

func (l local) Publish(r result.Result, dir string) error {
	remark(l, r)
	files, err := reportFiles(r)
	if err != nil {
		return err
	}
	return l.printer.writeReports(dir, files)
}
