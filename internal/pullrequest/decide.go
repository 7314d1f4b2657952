package pullrequest

import (
	"cmp"
	"slices"

	"github.com/berth-dev/berth/internal/result"
)

// author is who wrote a comment, or whom a token belongs to. Where its id is 0, it is
// known by its login alone.
type author struct {
	id    int64
	login string
	bot   bool
	// assumed says that nobody has told it: it is whom most tokens belong to.
	assumed bool
}

// is reports whether both are the same account.
func (a author) is(other author) bool {
	if a.id != 0 && other.id != 0 {
		return a.id == other.id
	}
	return a.login != "" && a.login == other.login && a.bot == other.bot
}

// comment is one that begins with the mark of the review app.
type comment struct {
	id     int64
	author author
	mark   mark
}

// claim is the turn that a run took at the app, once it held the lock. Turns tell in which
// order runs were at work, which the order of their events does not.
type claim struct {
	turn  int64
	taken bool
}

// change is what is to be done to the comments of an app.
type change struct {
	leave  bool  // another run has the last word
	edit   int64 // id of the comment to edit; 0: there is none
	mark   mark  // to be written
	remove []int64
}

// maxTurn is the last turn that a mark can say. Nobody comes that far by taking turns.
const maxTurn = 1e17

// begin returns how a run that is at work now takes its turn.
func begin(own []comment, me Run, key string, stage result.Stage) change {
	c := change{mark: mark{key: key, turn: 1, run: me, stage: stage}}
	last := c.keepNewest(own)
	if last != nil {
		c.mark.turn = min(last.mark.turn+1, maxTurn)
	}
	c.leave = last == nil && stage == result.StageLeaving // nobody was told of the app
	return c
}

// end returns how a run tells its end. The last turn has the last word. A run that never
// had one, since it ended before it was at work, goes by the order of events.
//
// down says that the run takes the app down: nobody is told of that who was never told of
// the app.
func end(own []comment, me Run, key string, stage result.Stage, down bool, had claim) change {
	c := change{mark: mark{key: key, turn: had.turn, run: me, stage: stage}}
	last := c.keepNewest(own)
	switch {
	case last == nil:
		c.leave = down
	case last.mark.run == me:
		c.mark.turn = last.mark.turn
	case had.taken:
		c.leave = last.mark.turn > had.turn || last.mark.turn == had.turn && last.mark.run.later(me)
	case down: // jobs that stop an environment are made before the deploys that they end
		c.mark.turn, c.leave = last.mark.turn, last.mark.stage.Underway()
	default:
		c.mark.turn, c.leave = last.mark.turn, last.mark.run.later(me)
	}
	return c
}

// keepNewest has all but the newest of the comments removed, of which two runs made one
// each at the same time, and returns that one, or nil.
func (c *change) keepNewest(own []comment) *comment {
	if len(own) == 0 {
		return nil
	}
	own = slices.Clone(own)
	slices.SortFunc(own, func(a, b comment) int { return cmp.Compare(b.id, a.id) })
	for _, old := range own[1:] {
		c.remove = append(c.remove, old.id)
	}
	c.edit = own[0].id
	return &own[0]
}

// written returns those of the comments that an author has written.
func written(comments []comment, by author) (own []comment) {
	for _, c := range comments {
		if c.author.is(by) {
			own = append(own, c)
		}
	}
	return own
}
