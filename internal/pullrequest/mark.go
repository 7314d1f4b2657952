// Package pullrequest tells on a pull or merge request how its review app is: by one
// comment for each app, and by a deployment. What cannot be told changes nothing of a run.
//
// A comment is found again by a hidden mark and by its author, who has to be the one that
// the token belongs to. No text of others decides which comment is edited.
package pullrequest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"github.com/berth-dev/berth/internal/result"
)

// Key names the review app in marks. Nobody can read anything out of it.
func Key(identity, app string) string {
	sum := sha256.Sum256([]byte(identity + "\x00" + app))
	return hex.EncodeToString(sum[:16])
}

// Run is a run of the CI, as far as marks name it.
type Run struct {
	Number  int64 // grows with the events that runs are made for
	Attempt int64
	Token   string // of this process alone: letters and digits
}

// mark is the first line of a comment, which nobody sees: whose it is, and how far it is.
type mark struct {
	key string
	// turn counts the runs that have had their turn at the app, and run is the one
	// that has written the comment.
	turn  int64
	run   Run
	stage result.Stage
}

// String is the mark as it is written. It holds no text that others chose.
func (m mark) String() string {
	return fmt.Sprintf("<!-- berth.dev/comment %s turn=%d run=%d attempt=%d by=%s stage=%s -->",
		m.key, m.turn, m.run.Number, m.run.Attempt, m.run.Token, m.stage)
}

// markPattern allows numbers that fit, so that none has to be refused after it.
var markPattern = regexp.MustCompile(`^<!-- berth\.dev/comment ([0-9a-f]{32}) turn=(\d{1,18}) run=(\d{1,18}) attempt=(\d{1,18}) ` +
	`by=([0-9A-Za-z]{1,32}) stage=([a-z]{1,16}) -->\s`)

// parseMark returns the mark that a comment begins with. Whoever may comment may have
// written it.
func parseMark(body string) (mark, bool) {
	m := markPattern.FindStringSubmatch(body[:min(len(body), 300)])
	if m == nil {
		return mark{}, false
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(m[i], 10, 64)
		return n
	}
	return mark{key: m[1], turn: number(2), run: Run{Number: number(3), Attempt: number(4), Token: m[5]}, stage: result.Stage(m[6])}, true
}

// later reports whether a run was made for a later event than another, or is a repetition
// of it.
func (r Run) later(other Run) bool {
	return cmp.Or(cmp.Compare(r.Number, other.Number), cmp.Compare(r.Attempt, other.Attempt)) > 0
}
