// Package progress shows a run while it goes on: what it does, and the objects
// that it waits for.
//
// On a terminal that is a table below what is printed, repainted in place
// (table.go, screen.go). Elsewhere it is lines (log.go): one for each change of an
// object, many changes at a time folded into one, and a reminder whenever nothing
// was printed for a while. Both are pure functions of the wait (wait.go) and of
// the time; display.go gives them a clock and a lock.
//
// The cursor is never hidden and no mode of the terminal is changed, so that
// there is nothing to restore, whatever ends the process.
package progress
